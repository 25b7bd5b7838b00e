import { sessionCookie } from '@colophon/http'
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
  'GET /': everybody,
  'GET /openapi.json': everybody,
  'GET /docs': everybody,
  'GET /docs/json': everybody,
  'GET /docs/yaml': everybody,
  'GET /docs/static/*': everybody,
  'GET /docs/static/index.html': everybody,
  'GET /docs/static/swagger-initializer.js': everybody,
  'GET /docs/static/theme/own.css': everybody,

  'POST /api/accounts': everybody,
  'GET /api/accounts': admin,
  'GET /api/accounts/me': signedIn,
  'POST /api/accounts/me/password': signedIn,
  'PUT /api/accounts/:id/roles': admin,
  'GET /api/accounts/:id/history': admin,
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
  'GET /api/contributors/:id/history': staff,
  'GET /api/publishers': everybody,
  'POST /api/publishers': staff,
  'GET /api/publishers/:id': everybody,
  'PUT /api/publishers/:id': staff,
  'DELETE /api/publishers/:id': staff,
  'GET /api/publishers/:id/books': everybody,
  'GET /api/publishers/:id/history': staff,
  'GET /api/subjects': everybody,
  'GET /api/subjects/:id': everybody,
  'PUT /api/subjects/:id': staff,
  'GET /api/subjects/:id/books': everybody,
  'GET /api/subjects/:id/history': staff,

  'GET /api/reports/authors': staff,
  'GET /api/reports': staff,
  'GET /api/reports/:id': staff,
  'GET /api/reports/:id/csv': staff,

  'GET /api/inventory': staff,
  'GET /api/inventory/:book': staff,
  'PATCH /api/inventory/:book': staff,
  'POST /api/inventory/:book/adjustments': staff,
  'GET /api/inventory/:book/ledger': staff,
  'POST /api/goods-in': staff,

  // What is not one's own, or without its token, is as if it were not there.
  'POST /api/orders': everybody,
  'GET /api/orders': signedIn,
  'GET /api/orders/:id': everybody,
  'GET /api/orders/:id/events': everybody,
  'POST /api/orders/:id/cancel': everybody,
  'POST /api/orders/:id/ship': staff,
  'POST /api/orders/:id/return': staff,
  'POST /api/orders/:id/refund': staff,
  'POST /api/orders/:id/refunds/:refundId': staff,
  'GET /api/orders/:id/invoices': everybody,
  'GET /api/orders/:id/invoices/:kind/:number': everybody,
  // By its signature alone: without one it is refused as not being the provider's.
  'POST /api/payments/webhook': everybody,

  'GET /api/rates/shipping': everybody,
  'PUT /api/rates/shipping': admin,
  'GET /api/rates/tax': admin,
  'PUT /api/rates/tax': admin,

  'GET /api/dead-letters': staff,
  'POST /api/dead-letter-replays': staff,
  'GET /api/dead-letters/:id': staff,
  'POST /api/dead-letters/:id/replay': staff,
  'DELETE /api/dead-letters/:id': staff,
  'GET /api/outbox/parked': staff,
  'POST /api/outbox/replays': staff,
  'POST /api/outbox/parked/:sequence/replay': staff,
  'DELETE /api/outbox/parked/:sequence': staff,
}

/** Refusals that are about something else than who asks. */
const otherRefusals = ['webhook_signature']

const password = 'correct horse battery'
const origin = 'https://shop.example'

let shop: TestShop
const tokens: Partial<Record<Who, string>> = {}
const cookies: Partial<Record<Who, string>> = {}

beforeAll(async () => {
  shop = await startTestShop()
  for (const role of ['customer', 'staff', 'admin'] as const) {
    tokens[role] = await shop.tokenOf(role)
    const email = browserOf(role)
    await shop.shop.accounts.client.createAccount({ email, name: role, password, roles: [role] })
    cookies[role] = await signIn(role)
  }
})
afterAll(() => shop.stop())

function browserOf(who: Who): string {
  return `browser.${who}@example.com`
}

/** The cookie of a new session. */
async function signIn(who: Who): Promise<string> {
  const payload = { email: browserOf(who), password }
  const response = await shop.gateway.app.inject({ method: 'POST', url: '/api/session', payload })
  const { value } = response.cookies.find(({ name }) => name === sessionCookie) ?? {}
  if (!value) throw new Error(`${who} is not signed in: ${response.body}`)
  return value
}

/** Asks without a body, with such headers, and tells the status and the code of a refusal. */
async function ask(route: string, headers: Record<string, string>) {
  const [method = '', template = ''] = route.split(' ')
  const url = template.replace(/:\w+/g, '00000000-0000-7000-8000-000000000000')
  const asked = { method: method as 'GET', url, headers: { host: new URL(origin).host, ...headers } }
  const { statusCode: status, json } = await shop.gateway.app.inject(asked)
  return { status, code: status >= 400 ? json().code : undefined }
}

function expectAccess(
  route: string,
  who: Who,
  { status, code }: { status: number; code: string | undefined },
): void {
  const [refusal, refused] = who === 'anonymous' ? ['unauthenticated', 401] : ['forbidden', 403]
  if (mayUse[route]?.includes(who)) {
    // What is let in may still fail for want of a body or of a book: never for want of a right, or of the server.
    if (!otherRefusals.includes(code ?? ''))
      expect([401, 403], `${who} is refused: ${code}`).not.toContain(status)
    expect(status).toBeLessThan(500)
  } else expect([who, status, code]).toEqual([who, refused, refusal])
}

describe('each role on each route', () => {
  it('is stated for every route there is, and for no other', () => {
    const there = shop.gateway.routes().map(({ method, url }) => `${method} ${url}`)
    expect(Object.keys(mayUse).sort()).toEqual(there.sort())
  })

  it.each(Object.keys(mayUse))('%s, by token', async (route) => {
    for (const who of everybody) {
      const token = tokens[who]
      expectAccess(
        route,
        who,
        await ask(route, token === undefined ? {} : { authorization: `Bearer ${token}` }),
      )
    }
  })

  it.each(Object.keys(mayUse))('%s, by cookie', async (route) => {
    for (const who of signedIn) {
      const session = route === 'DELETE /api/session' ? await signIn(who) : cookies[who]
      expectAccess(route, who, await ask(route, { cookie: `${sessionCookie}=${session}`, origin }))
    }
  })
})
