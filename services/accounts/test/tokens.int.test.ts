import { sql } from '@colophon/postgres'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openShop, password, type Shop } from './shop.ts'

const day = 24 * 60 * 60 * 1000
let shop: Shop

beforeAll(async () => {
  shop = await openShop()
})

afterAll(() => shop.close())

const refresh = (refreshToken: string) => shop.call('POST', '/api/tokens/refresh', { body: { refreshToken } })
const login = (email: string, given: string, from = shop) =>
  from.call('POST', '/api/tokens', { body: { email, password: given } })
const pass = (days: number) => {
  shop.time.now = new Date(shop.time.now.getTime() + days * day)
}

describe('signing in', () => {
  it('gives an access token that says who its bearer is, for 15 minutes', async () => {
    const id = await shop.register('ana@example.com')
    const { status, body, headers } = await login('Ana@Example.com', password)
    expect(status).toBe(200)
    expect(body).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 })
    expect(headers['cache-control']).toBe('no-store')
    const token = body.accessToken ?? ''
    const { iat = 0, ...claims } = decodeJwt(token)
    expect(claims).toEqual({
      iss: 'https://shop.example',
      aud: 'colophon',
      sub: id,
      roles: ['customer'],
      exp: iat + 900,
      jti: expect.any(String),
    })
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
    expect((await shop.call('GET', '/api/accounts/me', { token })).body.id).toBe(id)
    shop.time.now = new Date((iat + 906) * 1000)
    expect((await shop.call('GET', '/api/accounts/me', { token })).body.code).toBe('invalid_token')
  })

  it('is refused with the same words and the same work whether or not the address has an account', async () => {
    await shop.register('known@example.com')
    const before = shop.verified()
    const known = await login('known@example.com', 'wrong password')
    const afterKnown = shop.verified()
    const unknown = await login('unknown@example.com', 'wrong password')
    const malformed = await login('not an address', 'wrong password')
    expect([afterKnown - before, shop.verified() - afterKnown]).toEqual([1, 2])
    expect(known).toMatchObject({
      status: 401,
      body: { code: 'invalid_credentials' },
      headers: { 'www-authenticate': 'Bearer' },
    })
    const comparable = ({ status, body }: typeof known) => ({ status, ...body, requestId: undefined })
    expect(comparable(unknown)).toEqual(comparable(known))
    expect(comparable(malformed)).toEqual(comparable(known))
  })

  it('leaves no password, token or address in the log', async () => {
    await shop.register('private@example.com')
    await login('private@example.com', 'wrong password 123')
    const { accessToken, refreshToken } = await shop.signIn('private@example.com')
    const log = shop.lines.join('\n')
    expect(log).toContain('login refused')
    for (const secret of ['private@example.com', 'wrong password 123', password, accessToken, refreshToken]) {
      expect(log).not.toContain(secret)
    }
  })

  it('hashes the password anew when hashes have become dearer', async () => {
    const id = await shop.register('renewed@example.com')
    const cheaper = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
    const hash = async () =>
      shop.database.one<{ hash: string }>(
        sql`select password_hash as hash from accounts.accounts where id = ${id}`,
      )
    await shop.database.query(sql`update accounts.accounts set password_hash = ${cheaper} where id = ${id}`)
    const both = await Promise.all([
      login('renewed@example.com', 'password'),
      login('renewed@example.com', 'password'),
    ])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    expect((await hash()).hash).toContain('m=8,t=1,p=1')
    expect((await login('renewed@example.com', 'password')).status).toBe(200)
  })
})

describe('limits on guessing', () => {
  it('hold for an address, alike whether or not it has an account, and pass with time', async () => {
    const strict = await openShop({
      rates: { passwords: { burst: 2, perMinute: 1 }, logins: { burst: 1000, perMinute: 1000 } },
    })
    await strict.register('target@example.com')
    const guess = (email: string, given = 'wrong password') => login(email, given, strict)
    for (const email of ['target@example.com', 'nobody@example.com']) {
      expect((await guess(email)).status).toBe(401)
      expect((await guess(email)).status).toBe(401)
    }
    const before = strict.verified()
    const [target, nobody] = [await guess('Target@example.com', password), await guess('nobody@example.com')]
    expect(target).toMatchObject({
      status: 429,
      body: { code: 'rate_limited' },
      headers: { 'retry-after': '60' },
    })
    expect({ ...nobody.body, requestId: '' }).toEqual({ ...target.body, requestId: '' })
    expect(strict.verified()).toBe(before)
    expect((await guess('other@example.com')).status).toBe(401)
    strict.time.now = new Date(strict.time.now.getTime() + 60_000)
    expect((await guess('target@example.com', password)).status).toBe(200)
    await strict.close()
  })

  it('keep nobody out whose address a stranger guesses at', async () => {
    const usual = await openShop({ rates: {} })
    await usual.register('owner@example.com')
    const ask = (from: string, email: string, given: string) =>
      usual.call('POST', '/api/tokens', { from, body: { email, password: given } })
    for (const email of ['owner@example.com', 'nobody@example.com']) {
      const guesses = Array.from({ length: 12 }, () => ask('203.0.113.1', email, 'wrong password'))
      const refused = (await Promise.all(guesses)).filter(({ status }) => status === 429)
      expect(refused).toHaveLength(2)
    }
    expect((await ask('198.51.100.7', 'owner@example.com', password)).status).toBe(200)
    await usual.close()
  })

  it('hold for an address that many clients guess at in concert', async () => {
    const usual = await openShop({ rates: {} })
    await usual.register('owner@example.com')
    const guesses = Array.from({ length: 110 }, (_, n) =>
      usual.call('POST', '/api/tokens', {
        from: `203.0.113.${n}`,
        body: { email: 'owner@example.com', password: 'wrong password' },
      }),
    )
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 429)).toHaveLength(10)
    await usual.close()
  })

  it('hold for an account whose password somebody tries to change, apart from its logins', async () => {
    const strict = await openShop({
      rates: { passwords: { burst: 2, perMinute: 1 }, passwordChanges: { burst: 2, perMinute: 1 } },
    })
    await strict.register('owner@example.com')
    const { accessToken: token } = await strict.signIn('owner@example.com')
    const change = () =>
      strict.call('POST', '/api/accounts/me/password', {
        token,
        body: { currentPassword: 'wrong password', newPassword: 'quite another one' },
      })
    expect([(await change()).status, (await change()).status, (await change()).status]).toEqual([
      403, 403, 429,
    ])
    expect((await login('owner@example.com', password, strict)).status).toBe(200)
    await strict.close()
  })

  it('hold for a client, whatever addresses it tries, and for the accounts it makes', async () => {
    const two = { burst: 2, perMinute: 1 }
    const strict = await openShop({ rates: { logins: two, signUps: two } })
    const tries = [1, 2, 3].map((n) => login(`guess${n}@example.com`, 'wrong password', strict))
    expect((await Promise.all(tries)).map(({ status }) => status).sort()).toEqual([401, 401, 429])
    const people = [1, 2, 3].map((n) =>
      strict.call('POST', '/api/accounts', { body: { email: `bot${n}@example.com`, password, name: 'Bot' } }),
    )
    expect((await Promise.all(people)).map(({ status }) => status).sort()).toEqual([201, 201, 429])
    await strict.close()
  })
})

describe('the limits on a client', () => {
  it('count an IPv6 network of /64 as one, whatever address in it asks', async () => {
    const usual = await openShop({ rates: { passwords: { burst: 1000, perMinute: 1000 } } })
    const ask = (url: string, n: number, network: string) =>
      usual.call('POST', url, {
        from: `2001:db8:0:${network}::${n.toString(16)}`,
        body: { email: `guest${n}@example.com`, password, ...(url === '/api/accounts' && { name: 'Bo' }) },
      })
    const statuses = async (url: string, count: number) => {
      const answers = Array.from({ length: count }, (_, n) => ask(url, n + 1, 'a'))
      return (await Promise.all(answers)).map(({ status }) => status)
    }
    for (const url of ['/api/tokens', '/api/session']) {
      const refused = (await statuses(url, 70)).filter((status) => status === 429)
      expect(refused.length).toBeGreaterThanOrEqual(20)
      expect((await ask(url, 1, 'b')).status).toBe(401)
    }
    expect((await statuses('/api/accounts', 30)).filter((status) => status === 429)).toHaveLength(10)
    expect((await ask('/api/accounts', 99, 'b')).status).toBe(201)
    await usual.close()
  })
})

describe('a rush of logins', () => {
  it('is worked off as far as memory goes, and the rest is asked to come again', async () => {
    const busy = await openShop({}, { realHashes: true })
    const rush = Array.from({ length: 80 }, (_, n) => login(`guest${n}@example.com`, 'wrong password', busy))
    const answers = await Promise.all(rush)
    const refused = answers.filter(({ status }) => status !== 401)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThan(20)
    for (const answer of refused) {
      expect(answer).toMatchObject({
        status: 503,
        body: { code: 'overloaded' },
        headers: { 'retry-after': '1' },
      })
    }
    expect((await login('guest@example.com', 'wrong password', busy)).status).toBe(401)
    await busy.close()
  })
})

describe('refresh tokens', () => {
  it('are exchanged for the next one, and each is good once', async () => {
    const id = await shop.register('rotate@example.com')
    const first = await shop.signIn('rotate@example.com')
    const { status, body } = await refresh(first.refreshToken)
    expect(status).toBe(200)
    expect(body.refreshToken).not.toBe(first.refreshToken)
    expect((await shop.call('GET', '/api/accounts/me', { token: body.accessToken })).body.id).toBe(id)
    expect((await refresh(body.refreshToken ?? '')).status).toBe(200)
  })

  it('end their login when a used one comes again', async () => {
    await shop.register('replay@example.com')
    const stolen = await shop.signIn('replay@example.com')
    const other = await shop.signIn('replay@example.com')
    const { body } = await refresh(stolen.refreshToken)
    expect(await refresh(stolen.refreshToken)).toMatchObject({
      status: 401,
      body: { code: 'invalid_refresh_token' },
    })
    expect((await refresh(body.refreshToken ?? '')).status).toBe(401)
    expect(shop.lines.join()).toContain('a used refresh token came again')
    expect((await refresh(other.refreshToken)).status).toBe(200)
  })

  it('are won by exactly one of many that come at once', async () => {
    await shop.register('race@example.com')
    const { refreshToken } = await shop.signIn('race@example.com')
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(7)
  })

  it('last 30 days without use and 90 days in all', async () => {
    await shop.register('slow@example.com')
    let { refreshToken } = await shop.signIn('slow@example.com')
    const idle = await shop.signIn('slow@example.com')
    for (let use = 0; use < 3; use++) {
      pass(29)
      const { body } = await refresh(refreshToken)
      refreshToken = body.refreshToken ?? ''
    }
    expect((await refresh(idle.refreshToken)).status).toBe(401)
    pass(4)
    expect((await refresh(refreshToken)).status).toBe(401)
    expect((await refresh(refreshToken)).status).toBe(401)
  })

  it.each(['rubbish', 'A'.repeat(65), '\u0000'])('are refused when made up: %j', async (made) => {
    expect((await refresh(made)).status).toBeOneOf([400, 401])
  })

  it('can be revoked, again and again, and with them their login', async () => {
    await shop.register('leave@example.com')
    const { refreshToken } = await shop.signIn('leave@example.com')
    const { body } = await refresh(refreshToken)
    for (const token of [refreshToken, refreshToken, 'rubbish']) {
      const revoked = await shop.call('POST', '/api/tokens/revoke', { body: { refreshToken: token } })
      expect(revoked.status).toBe(204)
    }
    expect((await refresh(body.refreshToken ?? '')).status).toBe(401)
  })
})
