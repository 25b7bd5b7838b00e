import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Role, startTestShop, type TestShop } from './support/shop.ts'

type Who = 'anonymous' | Role

const everybody: Who[] = ['anonymous', 'customer', 'staff', 'admin']
const signedIn: Who[] = ['customer', 'staff', 'admin']
const staff: Who[] = ['staff', 'admin']
const admin: Who[] = ['admin']

/** Who may use each route. A route that is not here fails the test: say who may use it. */
const mayUse: Record<string, Who[]> = {
  'GET /healthz': everybody,
  'GET /readyz': everybody,
  'GET /version': everybody,
  'GET /problems': everybody,
  'GET /problems/:code': everybody,
  'GET /.well-known/jwks.json': everybody,

  'POST /api/accounts': everybody,
  'GET /api/accounts': admin,
  'GET /api/accounts/me': signedIn,
  'POST /api/accounts/me/password': signedIn,
  'PUT /api/accounts/:id/roles': admin,
  'POST /api/tokens': everybody,
  'POST /api/tokens/refresh': everybody,
  'POST /api/tokens/revoke': everybody,
  'POST /api/session': everybody,
  'DELETE /api/session': everybody,

  'GET /api/books': everybody,
  'POST /api/books': staff,
  'GET /api/books/:book': everybody,
  'PUT /api/books/:book': staff,
  'PATCH /api/books/:book': staff,
  'DELETE /api/books/:book': staff,
  'GET /api/books/:book/history': staff,

  'GET /api/contributors': everybody,
  'POST /api/contributors': staff,
  'GET /api/contributors/:id': everybody,
  'PUT /api/contributors/:id': staff,
  'DELETE /api/contributors/:id': staff,
  'GET /api/contributors/:id/books': everybody,
  'GET /api/publishers': everybody,
  'POST /api/publishers': staff,
  'GET /api/publishers/:id': everybody,
  'PUT /api/publishers/:id': staff,
  'DELETE /api/publishers/:id': staff,
  'GET /api/publishers/:id/books': everybody,
  'GET /api/subjects': everybody,
  'GET /api/subjects/:id': everybody,
  'PUT /api/subjects/:id': staff,
  'GET /api/subjects/:id/books': everybody,

  'GET /api/reports/authors': staff,
}

let shop: TestShop
const tokens: Partial<Record<Who, string>> = {}

beforeAll(async () => {
  shop = await startTestShop()
  for (const role of ['customer', 'staff', 'admin'] as const) tokens[role] = await shop.tokenOf(role)
})
afterAll(() => shop.stop())

describe('each role on each route', () => {
  it('is stated for every route there is, and for no other', () => {
    const there = shop.gateway.routes().map(({ method, url }) => `${method} ${url}`)
    const asked = there.filter((route) => !route.startsWith('GET /docs'))
    expect(Object.keys(mayUse).sort()).toEqual(asked.sort())
  })

  it.each(Object.keys(mayUse))('%s', async (route) => {
    const [method = '', template = ''] = route.split(' ')
    const url = template.replace(/:\w+/g, '00000000-0000-7000-8000-000000000000')
    for (const who of everybody) {
      const response = await shop.gateway.app.inject({
        method: method as 'GET',
        url,
        headers: tokens[who] === undefined ? {} : { authorization: `Bearer ${tokens[who]}` },
      })
      const code = response.statusCode >= 400 ? response.json().code : undefined
      const refusal = who === 'anonymous' ? 'unauthenticated' : 'forbidden'
      // What is let in may still fail for want of a body or of a book: never for want of a right.
      if (mayUse[route]?.includes(who)) expect([who, code]).not.toEqual([who, refusal])
      else expect([who, response.statusCode, code]).toEqual([who, who === 'anonymous' ? 401 : 403, refusal])
      expect(response.statusCode).not.toBe(500)
    }
  })
})
