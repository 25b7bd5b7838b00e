import { expect, test } from 'vitest'
import { retryArguments } from '../../src/worker/run/retry-arguments.ts'

const params = ['x', 'y', '...rest']

test('what is not given stays as it was sent', () => {
  const given = { args: [1], kwargs: { y: 2 } }
  expect(retryArguments(params, given, {})).toEqual(given)
  expect(retryArguments(params, given, { args: [3], kwargs: { y: 4 } })).toEqual({
    args: [3],
    kwargs: { y: 4 },
  })
})

test('new positional arguments replace those by name that they fill', () => {
  const given = { args: [], kwargs: { x: 1, y: 2, label: 'kept' } }
  expect(retryArguments(params, given, { args: [3, 4] })).toEqual({ args: [3, 4], kwargs: { label: 'kept' } })
  expect(retryArguments(params, given, { args: [3] })).toEqual({ args: [3], kwargs: { y: 2, label: 'kept' } })
})

test('new arguments by name replace positional ones, in their place', () => {
  expect(retryArguments(params, { args: [1, 2], kwargs: {} }, { kwargs: { x: 3 } })).toEqual({
    args: [3, 2],
    kwargs: {},
  })
  expect(retryArguments(params, { args: [1, 2], kwargs: {} }, { kwargs: { y: 3 } })).toEqual({
    args: [1, 3],
    kwargs: {},
  })
  expect(retryArguments(params, { args: [1], kwargs: {} }, { kwargs: { y: 3 } })).toEqual({
    args: [1],
    kwargs: { y: 3 },
  })
})

test('a task without parameters of a position takes them as they come', () => {
  expect(retryArguments(undefined, { args: [], kwargs: { x: 1 } }, { kwargs: { x: 2 } })).toEqual({
    args: [],
    kwargs: { x: 2 },
  })
})
