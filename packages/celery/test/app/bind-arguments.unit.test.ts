import { expect, test } from 'vitest'
import { z } from 'zod'
import { bindArguments, InvalidArguments, validateInput } from '../../src/app/bind-arguments.ts'
import type { AnyTaskDefinition } from '../../src/app/task.ts'

const add = { name: 'tasks.add', params: ['x', 'y'] }

test('positional and keyword arguments become one object', () => {
  expect(bindArguments(add, [1, 2], {})).toEqual({ x: 1, y: 2 })
  expect(bindArguments(add, [1], { y: 2 })).toEqual({ x: 1, y: 2 })
  expect(bindArguments({ name: 'tasks.add' }, [], { y: 2 })).toEqual({ y: 2 })
})

test('the last parameter collects what remains', () => {
  const sum = { name: 'tasks.sum', params: ['first', '...rest'] }
  expect(bindArguments(sum, [1, 2, 3], {})).toEqual({ first: 1, rest: [2, 3] })
  expect(bindArguments(sum, [1], {})).toEqual({ first: 1, rest: [] })
  const all = { name: 'tasks.sum', params: ['first?', '...rest'] }
  expect(bindArguments(all, [], {})).toEqual({ rest: [] })
})

test.each([
  [[1, 2, 3], {}, 'add() takes 2 positional arguments but 3 were given'],
  [[1], { x: 1, y: 2 }, "add() got multiple values for argument 'x'"],
  [[1], {}, "add() missing 1 required positional argument: 'y'"],
  [[], { y: 1 }, "add() missing 1 required positional argument: 'x'"],
  [[], {}, "add() missing 2 required positional arguments: 'x' and 'y'"],
])('%j %j is refused as Python does', (args, kwargs, message) => {
  expect(() => bindArguments(add, args, kwargs)).toThrow(new InvalidArguments(message))
})

test('what is marked as optional may be left out, and is filled by position all the same', () => {
  const scaled = { name: 'tasks.scale', params: ['x', 'factor?'] }
  expect(bindArguments(scaled, [2], {})).toEqual({ x: 2 })
  expect(bindArguments(scaled, [2, 3], {})).toEqual({ x: 2, factor: 3 })
  expect(bindArguments(scaled, [], { x: 2, factor: 3 })).toEqual({ x: 2, factor: 3 })
  expect(() => bindArguments(scaled, [2, 3], { factor: 4 })).toThrow("multiple values for argument 'factor'")
  expect(() => bindArguments(scaled, [], { factor: 4 })).toThrow("required positional argument: 'x'")
})

test('a task of keyword arguments alone takes no positional one', () => {
  expect(() => bindArguments({ name: 'tasks.h' }, [1], {})).toThrow(
    'h() takes 0 positional arguments but 1 was given',
  )
  expect(() => bindArguments({ name: 'r', params: ['...rest'] }, [1], { rest: [] })).toThrow(
    "r() got an unexpected keyword argument 'rest'",
  )
})

test('an argument named __proto__ is an argument and nothing else', () => {
  const kwargs = JSON.parse('{"__proto__": {"isAdmin": true}}') as Record<string, unknown>
  const bound = bindArguments(add, [1, 2], kwargs) as { isAdmin?: boolean }
  expect(bound.isAdmin).toBeUndefined()
  expect(Object.hasOwn(bound, '__proto__')).toBe(true)
})

function validate(args: unknown[], kwargs: Record<string, unknown>): unknown {
  const schema = z.strictObject({ x: z.number(), y: z.number(), z: z.number(), unit: z.string() })
  const definition = { name: 'tasks.mix', params: ['x', 'y', 'z'], input: schema, run() {} }
  const typed = definition as unknown as AnyTaskDefinition
  return validateInput(typed, bindArguments(typed, args, kwargs))
}

test('arguments are validated, and what is missing is told in the words of Python', () => {
  expect(validate([1, 2, 3], { unit: 'm' })).toEqual({ x: 1, y: 2, z: 3, unit: 'm' })
  expect(() => validate([1, 2], { unit: 'm' })).toThrow("mix() missing 1 required positional argument: 'z'")
  expect(() => validate([1], {})).toThrow("mix() missing 2 required positional arguments: 'y' and 'z'")
  expect(() => validate([], {})).toThrow("mix() missing 3 required positional arguments: 'x', 'y', and 'z'")
  expect(() => validate([1, 2, 3], {})).toThrow("mix() missing 1 required keyword-only argument: 'unit'")
  expect(() => validate([1, 2, 'three'], { unit: 'm' })).toThrow(/^mix\(\) argument 'z': .*number/)
})

test('a schema may take its time', async () => {
  const input = z.object({ x: z.number().refine(async (x) => x > 0, 'not positive') })
  const definition = { name: 'tasks.f', params: ['x'], input, run() {} } as unknown as AnyTaskDefinition
  await expect(validateInput(definition, { x: 1 })).resolves.toEqual({ x: 1 })
  await expect(validateInput(definition, { x: -1 })).rejects.toThrow("f() argument 'x': not positive")
})
