import { describe, expect, test } from 'vitest'
import { formatEvent } from '../src/answers/send-events.ts'
import { lastEventId } from '../src/index.ts'

describe('an event', () => {
  test.each([
    [{ data: 'one' }, 'data: one\n\n'],
    [{ id: '7', event: 'paid', data: '{"a":1}' }, 'id: 7\nevent: paid\ndata: {"a":1}\n\n'],
    [{ data: 'a\nb\r\nc\rd\n' }, 'data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n'],
    [{ id: '', data: '' }, 'id: \ndata: \n\n'],
  ])('%j is written line by line', (event, text) => {
    expect(formatEvent(event)).toBe(text)
  })

  test.each([[{ id: '1\ndata: forged', data: '' }], [{ event: 'a\rb', data: '' }], [{ id: '\0', data: '' }]])(
    '%j is refused, as it would be read as something else',
    (event) => {
      expect(() => formatEvent(event)).toThrow('one line')
    },
  )
})

test.each([
  [{ 'last-event-id': '12' }, '12'],
  [{ 'last-event-id': '' }, undefined],
  [{}, undefined],
])('the last event of %j is %s', (headers, id) => {
  expect(lastEventId({ headers })).toBe(id)
})
