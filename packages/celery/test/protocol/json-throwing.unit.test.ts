import { expect, test } from 'vitest'
import { encodeJson } from '../../src/protocol/json.ts'

test.each([
  ['a toJSON', { toJSON: () => thrown() }],
  [
    'a getter',
    {
      get row() {
        return thrown()
      },
    },
  ],
  ['a proxy', new Proxy({}, { ownKeys: () => thrown() })],
])('%s that throws makes a value that cannot be sent', (_, value) => {
  expect(() => encodeJson({ deep: [value] }, 'result')).toThrow(
    expect.objectContaining({ code: 'BAD_VALUE', message: 'result cannot be read: Error: closed' }),
  )
})

function thrown(): never {
  throw new Error('closed')
}
