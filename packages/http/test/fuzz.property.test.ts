import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createServer } from './support.ts'

const text = fc.string({ unit: 'binary', maxLength: 30 })
const name = fc.oneof(
  fc.constantFrom('limit', 'year', 'inStock', 'subject', 'q', 'cursor', '__proto__'),
  text,
)
const query = fc.array(fc.tuple(name, fc.oneof(text, fc.integer().map(String))), { maxLength: 6 })
// Without what the injecting client itself takes for something else.
const raw = fc.stringMatching(/^[!-~]{0,40}$/).map((path) => path.replaceAll(/[#\\]/g, ''))

const statuses = [200, 201, 400, 404, 405, 409, 415]

test('no query makes the server fail', async () => {
  const { app } = await createServer({ limits: { clientRate: null } })
  await fc.assert(
    fc.asyncProperty(fc.oneof(query.map(encode), raw), async (search) => {
      const response = await app.inject({ url: `/api/books?${search}` })
      expect([200, 400]).toContain(response.statusCode)
    }),
    { numRuns: 300 },
  )
})

function encode(pairs: [string, string][]): string {
  return new URLSearchParams(
    pairs.map(([key, value]): [string, string] => [key.toWellFormed(), value.toWellFormed()]),
  ).toString()
}

test('no path makes the server fail', async () => {
  const { app } = await createServer({ limits: { clientRate: null } })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('GET', 'DELETE', 'OPTIONS'), raw, async (method, path) => {
      const response = await app.inject({ method: method as 'GET', url: `/x${path}` })
      expect([...statuses, 204, 302]).toContain(response.statusCode)
    }),
    { numRuns: 300 },
  )
})

test('no body makes the server fail', async () => {
  const { app } = await createServer({ limits: { clientRate: null, accountRate: null } })
  const headers = { authorization: 'Bearer staff', 'content-type': 'application/json' }
  const bookLike = fc.record(
    {
      title: fc.oneof(text, fc.jsonValue()),
      pages: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.jsonValue()),
      publisher: fc.oneof(fc.record({ name: text }), fc.jsonValue()),
    },
    { requiredKeys: ['title', 'pages'] },
  )
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.oneof(bookLike, fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value))),
  )
  await fc.assert(
    fc.asyncProperty(body, async (payload) => {
      const response = await app.inject({ method: 'POST', url: '/api/books', headers, payload })
      expect(statuses).toContain(response.statusCode)
      if (response.statusCode === 400) expect(response.json().detail).toMatch(/\S/)
    }),
    { numRuns: 300 },
  )
})
