import { randomBytes } from 'node:crypto'
import { createTokenVerifier } from '@colophon/http'
import { migrate, sql } from '@colophon/postgres'
import { createTestDatabase } from '@colophon/postgres/testing'
import { createLogger } from '@colophon/runtime'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccountsService, createAccounts } from '../src/index.ts'
import { openShop, password, type Shop, secretKey } from './shop.ts'

const minute = 60_000
const silent = createLogger({ level: 'silent', readable: false })
let shop: Shop

beforeAll(async () => {
  shop = await openShop()
  await shop.accounts.client.ensureFirstAdmin({ email: 'admin@example.com', password })
})

afterAll(() => shop.close())

const pass = (minutes: number) => {
  shop.time.now = new Date(shop.time.now.getTime() + minutes * minute)
}

/** Another process on the same database. */
function another(overrides: Partial<Parameters<typeof createAccounts>[0]> = {}): AccountsService {
  return createAccounts({
    database: shop.database,
    logger: silent,
    secretKey,
    issuer: 'https://shop.example',
    now: () => shop.time.now,
    ...overrides,
  })
}

function verifies(service: AccountsService, token: string): Promise<boolean> {
  const verify = createTokenVerifier({ ...service.client.tokens, clock: () => shop.time.now.getTime() })
  return verify(token).then(
    () => true,
    () => false,
  )
}

const published = async () =>
  (await shop.call('GET', '/.well-known/jwks.json')).body.keys?.map(({ kid }) => kid) ?? []

describe('the published keys', () => {
  it('verify tokens anywhere, and hold nothing private', async () => {
    const { headers, body } = await shop.call('GET', '/.well-known/jwks.json')
    expect(headers['cache-control']).toBe('public, max-age=300')
    expect(Object.keys(body.keys?.[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    const { accessToken } = await shop.signIn('admin@example.com')
    const keys = createLocalJWKSet(body as unknown as Parameters<typeof createLocalJWKSet>[0])
    const { payload } = await jwtVerify(accessToken, keys, { currentDate: shop.time.now })
    expect(payload.roles).toEqual(['staff', 'admin'])
  })

  it('hold the retired one until its last token is out', async () => {
    const [old] = await published()
    const { accessToken } = await shop.signIn('admin@example.com')
    const { id } = await shop.accounts.client.rotateKeys()
    expect(await published()).toEqual([id, old])
    expect(await verifies(shop.accounts, accessToken)).toBe(true)
    pass(14)
    expect(await verifies(shop.accounts, accessToken)).toBe(true)
    expect(await published()).toEqual([id, old])
    pass(4)
    expect(await published()).toEqual([id])
  })

  it('hold the retired one for as long as a script has a token of it', async () => {
    const { client } = shop.accounts
    const { accessToken } = await client.issueToken({ role: 'staff', expiresInSeconds: 3 * 60 * 60 })
    const [old] = await published()
    await client.rotateKeys()
    pass(2 * 60)
    expect(await published()).toContain(old)
    expect(await verifies(shop.accounts, accessToken)).toBe(true)
    pass(61)
    expect(await published()).not.toContain(old)
    expect(await verifies(shop.accounts, accessToken)).toBe(false)
  })
})

describe('several processes', () => {
  it('make one key, however many start at once', async () => {
    const { database, drop } = await createTestDatabase()
    const services = Array.from({ length: 6 }, () => another({ database }))
    await migrate(database, services[0]?.migrations ?? { schema: '', folder: '' })
    await Promise.all(services.map((service) => service.start()))
    const keys = await database.query(sql`select id from accounts.signing_keys`)
    expect(keys).toHaveLength(1)
    await Promise.all(services.map((service) => service.stop()))
    await drop()
  })

  it('verify what a key signed that another has just made', async () => {
    const other = another()
    await other.start()
    pass(0.1)
    await shop.accounts.client.rotateKeys()
    const { accessToken } = await shop.signIn('admin@example.com')
    expect(await verifies(other, accessToken)).toBe(true)
    const issued = await other.client.issueToken({ role: 'customer' })
    expect(await verifies(shop.accounts, issued.accessToken)).toBe(true)
    await other.stop()
  })

  it('make one key when they rotate at once', async () => {
    const before = await published()
    await Promise.all([another(), another()].map((service) => service.client.rotateKeys()))
    pass(1)
    expect((await published()).length - before.length).toBeLessThanOrEqual(2)
    const signing = await shop.database.query(
      sql`select id from accounts.signing_keys where retired_at is null`,
    )
    expect(signing).toHaveLength(1)
  })

  it('say in their logs that another key signs, whoever rotated it', async () => {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const other = another({ logger: createLogger({ level: 'warn', readable: false, destination }) })
    await other.start()
    expect(lines).toEqual([])
    const { id } = await shop.accounts.client.rotateKeys()
    pass(2)
    await other.client.issueToken({ role: 'customer' })
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'another key signs from now on', keyId: id },
    ])
    await other.stop()
  })

  it('do not start with another SECRET_KEY, and say in one line what to do', async () => {
    const stranger = another({ secretKey: randomBytes(32).toString('base64url') })
    await expect(stranger.start()).rejects.toThrow(
      /^SECRET_KEY, or secret-key in the data folder, does not open the signing key [^\n]*put back/,
    )
    await expect(stranger.client.rotateKeys()).rejects.toThrow('does not open the signing key')
    expect(() => another({ secretKey: 'short' })).toThrow('SECRET_KEY must be 32 bytes in base64url')
  })

  it('start with another SECRET_KEY once the lost one is given up, and earlier tokens stay good', async () => {
    const { database, drop } = await createTestDatabase()
    const before = another({ database })
    await migrate(database, before.migrations)
    await before.start()
    await before.client.createAccount({ email: 'eve@example.com', password, name: 'Eve', roles: ['admin'] })
    const earlier = await before.client.issueToken({ role: 'admin' })

    const after = another({ database, secretKey: randomBytes(32).toString('base64url') })
    await after.client.rotateKeys({ isSecretKeyLost: true })
    await after.start()
    const later = await after.client.issueToken({ role: 'admin' })
    expect(await verifies(after, later.accessToken)).toBe(true)
    expect(await verifies(after, earlier.accessToken)).toBe(true)
    await Promise.all([before.stop(), after.stop()])
    await drop()
  })
})

describe('a token for a script', () => {
  const issue = (token: Parameters<AccountsService['client']['issueToken']>[0]) =>
    shop.accounts.client.issueToken(token)
  const identity = (token: string) =>
    createTokenVerifier({ ...shop.accounts.client.tokens, clock: () => shop.time.now.getTime() })(token)

  it('acts in one role, in the name of the first admin, for an hour', async () => {
    const { accessToken, expiresIn, accountId } = await issue({ role: 'staff' })
    expect(expiresIn).toBe(3600)
    expect(await identity(accessToken)).toEqual({ accountId, roles: ['staff'] })
    pass(59)
    expect(await verifies(shop.accounts, accessToken)).toBe(true)
    pass(2)
    expect(await verifies(shop.accounts, accessToken)).toBe(false)
  })

  it('acts in the name of another who holds the role', async () => {
    const id = await shop.register('clerk@example.com')
    await expect(issue({ role: 'staff', email: 'clerk@example.com' })).rejects.toMatchObject({
      code: 'role_not_held',
    })
    await shop.accounts.client.setRoles({ email: 'clerk@example.com' }, ['staff'])
    expect((await issue({ role: 'staff', email: 'Clerk@example.com' })).accountId).toBe(id)
    await expect(issue({ role: 'staff', email: 'nobody@example.com' })).rejects.toMatchObject({
      code: 'account_not_found',
    })
  })

  it.each([
    [
      'is given other roles',
      () => shop.accounts.client.setRoles({ email: 'ends@example.com' }, ['customer']),
    ],
    [
      'is given another password',
      () => shop.accounts.client.resetPassword({ email: 'ends@example.com' }, 'quite another one'),
    ],
    ['is no more', () => shop.database.query(sql`delete from accounts.accounts where name = 'Ends'`)],
  ])('ends within 15 seconds when its account %s; an ordinary one stays good', async (_what, change) => {
    const email = 'ends@example.com'
    await shop.database.query(sql`delete from accounts.accounts where name = 'Ends'`)
    await shop.accounts.client.createAccount({ email, password, name: 'Ends', roles: ['staff'] })
    const { accessToken } = await issue({ role: 'staff', email, expiresInSeconds: 30 * 24 * 3600 })
    const short = await issue({ role: 'staff', email, expiresInSeconds: 15 * 60 })
    const ordinary = await shop.signIn(email)
    expect(await verifies(shop.accounts, accessToken)).toBe(true)
    await change()
    pass(15 / 60)
    await expect(identity(accessToken)).rejects.toMatchObject({
      code: 'invalid_token',
      message: expect.stringContaining('taken back'),
    })
    expect(await verifies(shop.accounts, short.accessToken)).toBe(true)
    expect(await verifies(shop.accounts, ordinary.accessToken)).toBe(true)
  })

  it('costs one look at its account in 15 seconds, however often it is shown, and an ordinary one none', async () => {
    const looks: unknown[] = []
    const maybeOne: typeof shop.database.maybeOne = (statement, options) => {
      looks.push(statement.text)
      return shop.database.maybeOne(statement, options)
    }
    const counted = another({ database: { ...shop.database, maybeOne } })
    const { accessToken } = await issue({ role: 'staff' })
    const ordinary = await shop.signIn('admin@example.com')
    await verifies(counted, ordinary.accessToken)
    expect(looks).toEqual([])
    for (const seconds of [0, 5, 9, 1]) {
      pass(seconds / 60)
      const shown = Array.from({ length: 5 }, () => verifies(counted, accessToken))
      expect(await Promise.all(shown)).toEqual([true, true, true, true, true])
    }
    expect(looks).toHaveLength(2)
  })

  it.each([0, 59, Number.NaN, 31 * 24 * 3600])('is not good for %s seconds', async (expiresInSeconds) => {
    await expect(issue({ role: 'staff', expiresInSeconds })).rejects.toThrow('a token is good for')
  })
})
