import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cookieOf, openShop, origin, password, type Shop } from './shop.ts'

const day = 24 * 60 * 60 * 1000
let shop: Shop

beforeAll(async () => {
  shop = await openShop()
})

afterAll(() => shop.close())

const me = (cookie: string) => shop.call('GET', '/api/accounts/me', { cookie })
const pass = (days: number) => {
  shop.time.now = new Date(shop.time.now.getTime() + days * day)
}

describe("a browser's session", () => {
  it('is a cookie that scripts of the page cannot read', async () => {
    const id = await shop.register('ana@example.com')
    const { status, headers, body } = await shop.call('POST', '/api/session', {
      body: { email: 'ana@example.com', password },
    })
    expect(status).toBe(200)
    expect(body.id).toBe(id)
    expect(String(headers['set-cookie'])).toMatch(/; HttpOnly/)
    expect(String(headers['set-cookie'])).toMatch(/; SameSite=Lax/)
    expect((await me(cookieOf(headers) ?? '')).body.id).toBe(id)
  })

  it('is kept only as a hash', async () => {
    await shop.register('hashed@example.com')
    const cookie = await shop.browse('hashed@example.com')
    const rows = await shop.database.query<object>(sql`select * from accounts.sessions`)
    expect(JSON.stringify(rows)).not.toContain(cookie)
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(cookie).toString('hex'))
  })

  it('needs the right password', async () => {
    const { status, body, headers } = await shop.call('POST', '/api/session', {
      body: { email: 'nobody@example.com', password },
    })
    expect(status).toBe(401)
    expect(body.code).toBe('invalid_credentials')
    expect(headers['set-cookie']).toBeUndefined()
  })

  it('changes nothing for a page of another site', async () => {
    await shop.register('careful@example.com')
    const cookie = await shop.browse('careful@example.com')
    const change = (headers: Record<string, string>) =>
      shop.call('POST', '/api/accounts/me/password', {
        cookie,
        headers,
        body: { currentPassword: password, newPassword: 'quite another one' },
      })
    expect(await change({ origin: 'https://evil.example' })).toMatchObject({
      status: 403,
      body: { code: 'origin_refused' },
    })
    expect((await change({ origin: 'null' })).body.code).toBe('origin_refused')
    expect((await change({ origin })).status).toBe(204)
  })

  it('ends when its owner signs out, and the cookie goes', async () => {
    await shop.register('leave@example.com')
    const cookie = await shop.browse('leave@example.com')
    const { status, headers } = await shop.call('DELETE', '/api/session', { cookie })
    expect(status).toBe(204)
    expect(cookieOf(headers)).toBe('')
    expect((await me(cookie)).status).toBe(401)
    expect((await shop.call('DELETE', '/api/session', { cookie })).status).toBe(204)
    expect((await shop.call('DELETE', '/api/session')).status).toBe(204)
  })

  it('takes the place of the one the browser had', async () => {
    await shop.register('twice@example.com')
    const before = await shop.browse('twice@example.com')
    const { headers } = await shop.call('POST', '/api/session', {
      cookie: before,
      body: { email: 'twice@example.com', password },
    })
    expect((await me(before)).status).toBe(401)
    expect((await me(cookieOf(headers) ?? '')).status).toBe(200)
  })

  it('lasts 30 days without use and 90 days in all', async () => {
    await shop.register('slow@example.com')
    const [used, idle] = [await shop.browse('slow@example.com'), await shop.browse('slow@example.com')]
    for (let use = 0; use < 3; use++) {
      pass(29)
      expect((await me(used)).status).toBe(200)
    }
    expect((await me(idle)).status).toBe(401)
    pass(4)
    expect((await me(used)).status).toBe(401)
  })

  it.each(['rubbish', 'A'.repeat(43), '%00', "' OR 1=1"])('is not made up: %s', async (cookie) => {
    expect((await me(encodeURIComponent(cookie))).status).toBe(401)
  })

  it('is forgotten some time after its end, like refresh tokens', async () => {
    await shop.register('old@example.com')
    await shop.browse('old@example.com')
    await shop.signIn('old@example.com')
    pass(31)
    await shop.accounts.stop()
    await shop.accounts.start()
    await shop.accounts.stop()
    const left = await shop.database.one<{ count: number }>(sql`
      select (select count(*) from accounts.sessions) + (select count(*) from accounts.refresh_tokens) as count`)
    expect(left.count).toBe(0)
    await shop.accounts.start()
  })
})

describe('changing the password', () => {
  const another = 'quite another one'
  const change = (options: object, currentPassword = password, newPassword = another) =>
    shop.call('POST', '/api/accounts/me/password', { ...options, body: { currentPassword, newPassword } })

  it('ends every other session and every refresh token, and keeps the session that asked', async () => {
    const email = 'change@example.com'
    await shop.register(email)
    const [here, there] = [await shop.browse(email), await shop.browse(email)]
    const { refreshToken } = await shop.signIn(email)
    expect((await change({ cookie: here })).status).toBe(204)
    expect((await me(here)).status).toBe(200)
    expect((await me(there)).status).toBe(401)
    expect((await shop.call('POST', '/api/tokens/refresh', { body: { refreshToken } })).status).toBe(401)
    await expect(shop.signIn(email)).rejects.toThrow('invalid_credentials')
    await expect(shop.signIn(email, another)).resolves.toBeDefined()
  })

  it('ends every session when a script asks', async () => {
    const email = 'script@example.com'
    await shop.register(email)
    const cookie = await shop.browse(email)
    const { accessToken } = await shop.signIn(email)
    expect((await change({ token: accessToken })).status).toBe(204)
    expect((await me(cookie)).status).toBe(401)
  })

  it('needs the current password and a new one that will do', async () => {
    await shop.register('stay@example.com')
    const cookie = await shop.browse('stay@example.com')
    expect(await change({ cookie }, 'wrong password')).toMatchObject({
      status: 403,
      body: { code: 'wrong_password' },
    })
    expect(await change({ cookie }, password, 'password123')).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/newPassword', code: 'too_common' }] },
    })
    expect((await change({})).status).toBe(401)
    await expect(shop.signIn('stay@example.com')).resolves.toBeDefined()
  })

  it('leaves nobody signed in with the old one who signed in meanwhile', async () => {
    const email = 'meanwhile@example.com'
    await shop.register(email)
    const cookie = await shop.browse(email)
    const logins = Array.from({ length: 6 }, () =>
      shop.call('POST', '/api/session', { body: { email, password } }),
    )
    const [changed, ...answers] = await Promise.all([change({ cookie }), ...logins])
    expect(changed?.status).toBe(204)
    for (const { status, headers } of answers) {
      expect(status).toBeOneOf([200, 401])
      if (status === 200) expect((await me(cookieOf(headers) ?? '')).status).toBe(401)
    }
  })
})
