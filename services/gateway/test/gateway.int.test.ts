import { randomBytes } from 'node:crypto'
import { type AccountsService, createAccounts } from '@colophon/accounts'
import { type Database, isTimeout, isUnavailable, migrate, sql } from '@colophon/postgres'
import { createTestDatabase } from '@colophon/postgres/testing'
import { createLogger, createMetrics, readConfig } from '@colophon/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway, type Gateway, type GatewayOptions, gatewaySettings } from '../src/index.ts'

const password = 'correct horse battery'
const logger = createLogger({ level: 'silent', readable: false })
let database: Database
let drop: () => Promise<void>
let accounts: AccountsService
let gateway: Gateway

beforeAll(async () => {
  const made = await createTestDatabase()
  database = made.database
  drop = made.drop
  accounts = createAccounts({
    database,
    logger,
    secretKey: randomBytes(32).toString('base64url'),
    issuer: 'https://shop.example',
  })
  await migrate(database, accounts.migrations)
  await accounts.start()
  await accounts.client.ensureFirstAdmin({ email: 'admin@example.com', password })
  gateway = await open()
  await gateway.start()
})

afterAll(async () => {
  await gateway.stop()
  await accounts.stop()
  await drop()
})

function open(overrides: Partial<GatewayOptions> = {}, environment = {}): Promise<Gateway> {
  return createGateway({
    config: readConfig(gatewaySettings, { PORT: '0', ...environment }),
    services: [accounts],
    accounts: accounts.client,
    stores: { database: () => database.query(sql`SELECT 1`) },
    version: '1.2.3',
    logger,
    metrics: createMetrics(),
    isStoreUnavailable: isUnavailable,
    isTimeout,
    ...overrides,
  })
}

const get = (path: string, init?: RequestInit) => fetch(gateway.address() + path, init)
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  get(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

describe('the one door', () => {
  it('lets a script in with a token', async () => {
    const signedIn = await post('/api/tokens', { email: 'admin@example.com', password })
    const { accessToken } = (await signedIn.json()) as { accessToken: string }
    const mine = await get('/api/accounts/me', { headers: { authorization: `Bearer ${accessToken}` } })
    expect(await mine.json()).toMatchObject({ email: 'admin@example.com', roles: ['admin'] })
    expect(
      (await get('/api/accounts', { headers: { authorization: `Bearer ${accessToken}x` } })).status,
    ).toBe(401)
  })

  it("refuses a script's token once the roles of its account were set", async () => {
    const email = 'script@example.com'
    await accounts.client.createAccount({ email, password, name: 'Script', roles: ['staff'] })
    const { accessToken } = await accounts.client.issueToken({ role: 'staff', email })
    await accounts.client.setRoles({ email }, ['customer'])
    const headers = { authorization: `Bearer ${accessToken}` }
    expect((await get('/api/accounts/me', { headers })).status).toBe(401)
  })

  it('lets a browser in with a cookie, for pages of its own', async () => {
    const signedIn = await post('/api/session', { email: 'admin@example.com', password })
    const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect((await get('/api/accounts', { headers: { cookie } })).status).toBe(200)
    const foreign = await get('/api/session', {
      method: 'DELETE',
      headers: { cookie, origin: 'https://evil.example' },
    })
    expect(foreign.status).toBe(403)
    const own = await get('/api/session', {
      method: 'DELETE',
      headers: { cookie, origin: gateway.address() },
    })
    expect(own.status).toBe(204)
    expect((await get('/api/accounts', { headers: { cookie } })).status).toBe(401)
  })

  it('describes everything behind it', async () => {
    const document = (await (await get('/openapi.json')).json()) as { info: object; paths: object }
    expect(document.info).toMatchObject({ title: 'Colophon', version: '1.2.3' })
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/accounts',
        '/api/accounts/me',
        '/api/accounts/me/password',
        '/api/accounts/{id}/roles',
        '/api/tokens',
        '/api/tokens/refresh',
        '/api/tokens/revoke',
        '/api/session',
        '/.well-known/jwks.json',
      ]),
    )
    expect(gateway.openapi()).toMatchObject({ info: { title: 'Colophon' } })
  })

  it('says what it is, as a page to browsers and as JSON to everything else', async () => {
    const json = await get('/')
    expect(json.headers.get('vary')).toMatch(/accept/i)
    expect(await json.json()).toEqual({
      name: 'Colophon',
      version: '1.2.3',
      description: expect.any(String),
      links: [
        { href: '/docs', text: expect.any(String) },
        { href: '/openapi.json', text: expect.any(String) },
      ],
    })
    const page = await get('/', { headers: { accept: 'text/html,*/*;q=0.8' } })
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await page.text()).toContain('<a href="/docs">')
    for (const { href } of [{ href: '/docs' }, { href: '/openapi.json' }]) {
      expect((await get(href)).status).toBe(200)
    }
  })

  it('refuses to open with two problems of one name, or a route that anybody might use by mistake', async () => {
    const twin = { name: 'twin', routes: () => {}, problems: accounts.problems }
    await expect(open({ services: [accounts, twin] })).rejects.toThrow('defined twice')
    const careless = {
      name: 'careless',
      problems: {},
      routes: (app: Gateway['app']) => void app.get('/api/secrets', async () => 'all of them'),
    }
    const opening = open({ services: [careless] }).then((opened) => opened.start())
    await expect(opening).rejects.toThrow('/api/secrets')
  })

  it('limits the requests of a client by its setting', async () => {
    const strict = await open({}, { CLIENT_REQUESTS_PER_MINUTE: '6' })
    await strict.app.ready()
    const ask = async () => (await strict.app.inject('/.well-known/jwks.json')).statusCode
    const answers = []
    for (let count = 0; count < 7; count++) answers.push(await ask())
    // A minute's requests may come at once where they are few.
    expect(answers).toEqual([200, 200, 200, 200, 200, 200, 429])
    await strict.stop()
  })
})

describe('the door for operators', () => {
  const ops = (path: string) => fetch(gateway.opsAddress() + path)

  it('is another port, with metrics and health', async () => {
    expect((await ops('/healthz')).status).toBe(200)
    expect(await (await ops('/readyz')).json()).toEqual({ status: 'ready', stores: { database: 'up' } })
    expect(await (await ops('/metrics')).text()).toContain('process_cpu_seconds_total')
    expect((await get('/metrics')).status).toBe(404)
  })

  it('stays ready while a store is down, and says which', async () => {
    const degraded = await open({ stores: { database: () => Promise.reject(new Error('refused')) } })
    await degraded.start()
    const answer = await fetch(`${degraded.opsAddress()}/readyz`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ status: 'ready', stores: { database: 'down' } })
    await degraded.stop()
  })

  it('closes with the other', async () => {
    const brief = await open()
    await brief.start()
    const [address, opsAddress] = [brief.address(), brief.opsAddress()]
    await brief.stop()
    await expect(fetch(`${address}/healthz`)).rejects.toThrow()
    await expect(fetch(`${opsAddress}/healthz`)).rejects.toThrow()
  })

  it('is left closed when the port of the API is taken', async () => {
    const taken = new URL(gateway.address()).port
    const second = await open({}, { PORT: taken, OPS_PORT: '0' })
    await expect(second.start()).rejects.toThrow(taken)
    await second.stop()
    expect(() => second.opsAddress()).toThrow()
  })
})

describe('while the database is away', () => {
  it('a token still says who its bearer is, and what needs the database says that it is away', async () => {
    const away = await createTestDatabase()
    const alone = createAccounts({
      database: away.database,
      logger,
      secretKey: randomBytes(32).toString('base64url'),
      issuer: 'https://shop.example',
    })
    await migrate(away.database, alone.migrations)
    await alone.start()
    await alone.client.ensureFirstAdmin({ email: 'admin@example.com', password })
    const { accessToken } = await alone.client.issueToken({ role: 'customer', expiresInSeconds: 600 })
    const long = await alone.client.issueToken({ role: 'customer' })
    const door = await open({ services: [alone], accounts: alone.client })
    await door.app.ready()
    await alone.stop()
    await away.drop()
    const ask = (url: string) => door.app.inject({ url, headers: { authorization: `Bearer ${accessToken}` } })
    expect((await ask('/api/accounts')).statusCode).toBe(403)
    expect((await ask('/.well-known/jwks.json')).statusCode).toBe(200)
    const mine = await ask('/api/accounts/me')
    expect(mine.statusCode).toBe(503)
    expect(mine.json().code).toBe('store_unavailable')
    // Whether a long-lived one was taken back cannot be told: it is neither let in nor called wrong.
    const headers = { authorization: `Bearer ${long.accessToken}` }
    expect((await door.app.inject({ url: '/api/accounts', headers })).json().code).toBe('store_unavailable')
    await door.stop()
  })
})
