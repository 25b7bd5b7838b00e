import { encodeCursor } from '@colophon/http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openShop, password, type Shop } from './shop.ts'

let shop: Shop
let admin: string

beforeAll(async () => {
  shop = await openShop()
  await shop.accounts.client.ensureFirstAdmin({ email: 'admin@example.com', password })
  admin = (await shop.signIn('admin@example.com')).accessToken
})

afterAll(() => shop.close())

const person = (email: string, overrides: object = {}) => ({
  body: { email, password, name: 'Ana', ...overrides },
})

describe('making an account', () => {
  it('answers a customer, and nothing of the password', async () => {
    const { status, body } = await shop.call(
      'POST',
      '/api/accounts',
      person('New@Example.com', { name: ' Ana ' }),
    )
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      email: 'New@Example.com',
      name: 'Ana',
      roles: ['customer'],
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      version: 1,
    })
  })

  it('refuses an address that has an account, however it is written, and however many ask at once', async () => {
    const asked = ['race@example.com', 'RACE@example.com', 'Race@EXAMPLE.com', 'race@example.com']
    const answers = await Promise.all(asked.map((email) => shop.call('POST', '/api/accounts', person(email))))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('email_taken')
  })

  it.each([
    ['email', { email: 'ana@localhost' }, '/email'],
    ['a missing email', { email: undefined }, '/email'],
    ['a short password', { password: 'short' }, '/password'],
    ['a long password', { password: 'x'.repeat(201) }, '/password'],
    ['a common password', { password: 'Password123' }, '/password'],
    ['a blank name', { name: '  ' }, '/name'],
    ['a name of two lines', { name: 'Ana\r\nBcc: x' }, '/name'],
    ['roles that somebody chose', { roles: ['admin'] }, '/roles'],
  ])('refuses %s and says where', async (_what, overrides, path) => {
    const { status, body } = await shop.call('POST', '/api/accounts', person('wrong@example.com', overrides))
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ path }] })
  })
})

it('an address that is none is refused in the words of a wrong format, as a schema would refuse it', async () => {
  const { body } = await shop.call('POST', '/api/accounts', person('x y@example.com'))
  const message = 'must be an e-mail address'
  expect(body.errors).toEqual([{ path: '/email', code: 'wrong_format', message }])
})

describe('making an account without a request', () => {
  it.each(['', 'Ana\nBcc: x', 'x'.repeat(201)])('refuses the name %j as the route does', async (name) => {
    const made = shop.accounts.client.createAccount({ email: 'console@example.com', password, name })
    await expect(made).rejects.toMatchObject({ code: 'validation_failed', errors: [{ path: '/name' }] })
  })
})

describe("a staff's password", () => {
  const short = 'correct horse'
  const refused = { code: 'validation_failed', message: expect.stringContaining('at least 15 characters') }

  it('is longer than a customer needs, when the account is made and when it is reset', async () => {
    const { client } = shop.accounts
    const clerk = { email: 'short@example.com', password: short, name: 'Bo' }
    await expect(client.createAccount({ ...clerk, roles: ['staff'] })).rejects.toMatchObject(refused)
    const { id } = await client.createAccount(clerk)
    await client.resetPassword({ id }, short)
    await client.setRoles({ id }, ['staff'])
    await expect(client.resetPassword({ id }, short)).rejects.toMatchObject(refused)
  })

  it('and when it is changed', async () => {
    const change = await shop.call('POST', '/api/accounts/me/password', {
      token: admin,
      body: { currentPassword: password, newPassword: short },
    })
    expect(change).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/newPassword', code: 'too_short' }] },
    })
  })
})

describe('your account', () => {
  it('is shown to you, with a tag that saves sending it again', async () => {
    const id = await shop.register('me@example.com')
    const { accessToken: token } = await shop.signIn('me@example.com')
    const { status, body, headers } = await shop.call('GET', '/api/accounts/me', { token })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id, email: 'me@example.com' })
    const again = await shop.call('GET', '/api/accounts/me', {
      token,
      headers: { 'if-none-match': String(headers.etag) },
    })
    expect(again.status).toBe(304)
  })

  it('is shown to nobody else', async () => {
    expect(await shop.call('GET', '/api/accounts/me')).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    })
    expect(await shop.call('GET', '/api/accounts/me', { token: 'made.up.token' })).toMatchObject({
      status: 401,
      body: { code: 'invalid_token' },
    })
  })
})

describe('the list of accounts', () => {
  it('is for admins', async () => {
    await shop.register('curious@example.com')
    const { accessToken: token } = await shop.signIn('curious@example.com')
    expect((await shop.call('GET', '/api/accounts', { token })).status).toBe(403)
    expect((await shop.call('GET', '/api/accounts')).status).toBe(401)
  })

  it('is read page by page, the newest first, each account once', async () => {
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.unshift(await shop.register(`page${i}@list.example`))
    const seen: string[] = []
    let cursor: string | null | undefined = ''
    while (cursor !== null) {
      const url: string = `/api/accounts?limit=2&q=LIST.example${cursor ? `&cursor=${cursor}` : ''}`
      const { body } = await shop.call('GET', url, { token: admin })
      seen.push(...(body.items ?? []).map(({ id }) => id))
      cursor = body.nextCursor ?? null
    }
    expect(seen).toEqual(ids)
  })

  it('takes the signs that SQL patterns give a meaning for themselves', async () => {
    const { body } = await shop.call('GET', '/api/accounts?q=%25', { token: admin })
    expect(body.items).toEqual([])
  })

  it('refuses a cursor that somebody made up', async () => {
    const cursor = encodeCursor({}, ['not an id'])
    const { status, body } = await shop.call('GET', `/api/accounts?cursor=${cursor}`, { token: admin })
    expect(status).toBe(400)
    expect(body.code).toBe('invalid_cursor')
  })

  it('refuses a cursor of another list', async () => {
    const { body } = await shop.call('GET', '/api/accounts?limit=1', { token: admin })
    const { status, body: refused } = await shop.call('GET', `/api/accounts?q=x&cursor=${body.nextCursor}`, {
      token: admin,
    })
    expect(status).toBe(400)
    expect(refused.code).toBe('invalid_cursor')
  })
})

describe('roles', () => {
  const put = (
    id: string,
    roles: unknown,
    token = admin,
    headers: Record<string, string> = { 'if-match': '*' },
  ) => shop.call('PUT', `/api/accounts/${id}/roles`, { token, headers, body: { roles } })

  it('are given by an admin and hold at once for a session, and from the next refresh for tokens', async () => {
    const id = await shop.register('clerk@example.com')
    const cookie = await shop.browse('clerk@example.com')
    const { accessToken, refreshToken } = await shop.signIn('clerk@example.com')
    expect(await put(id, ['admin', 'customer'])).toMatchObject({
      status: 200,
      body: { id, roles: ['customer', 'admin'], version: 2 },
    })
    expect((await shop.call('GET', '/api/accounts', { cookie })).status).toBe(200)
    expect((await shop.call('GET', '/api/accounts', { token: accessToken })).status).toBe(403)
    const { body } = await shop.call('POST', '/api/tokens/refresh', { body: { refreshToken } })
    expect((await shop.call('GET', '/api/accounts', { token: body.accessToken })).status).toBe(200)
    await put(id, ['customer'])
    expect((await shop.call('GET', '/api/accounts', { cookie })).status).toBe(403)
  })

  it('are given to the account that the admin has seen, as the list or its owner shows it', async () => {
    const id = await shop.register('seen@example.com')
    const { body: list } = await shop.call('GET', '/api/accounts?q=seen@example.com', { token: admin })
    const [listed] = list.items ?? []
    const { accessToken } = await shop.signIn('seen@example.com')
    const mine = await shop.call('GET', '/api/accounts/me', { token: accessToken })
    expect(mine.headers.etag).toBe(`"${listed?.version}"`)
    expect(await put(id, ['staff'], admin, {})).toMatchObject({
      status: 428,
      body: { code: 'precondition_required' },
    })
    const seen = { 'if-match': String(mine.headers.etag) }
    const both = await Promise.all([put(id, ['staff'], admin, seen), put(id, ['admin'], admin, seen)])
    const [done, late] = both.sort((one, other) => one.status - other.status)
    expect(done).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { version: 2 } })
    expect(late).toMatchObject({
      status: 412,
      headers: { etag: '"2"' },
      body: { code: 'precondition_failed' },
    })
  })

  it('are not given by anybody else', async () => {
    const id = await shop.register('climber@example.com')
    const { accessToken } = await shop.signIn('climber@example.com')
    expect((await put(id, ['admin'], accessToken)).status).toBe(403)
  })

  it('are one of three, and at least one', async () => {
    const id = await shop.register('roles@example.com')
    expect((await put(id, ['owner'])).status).toBe(400)
    expect((await put(id, [])).status).toBe(400)
    expect(await put('019a0000-0000-7000-8000-000000000000', ['staff'])).toMatchObject({
      status: 404,
      body: { code: 'account_not_found' },
    })
  })

  it('cannot be taken from the last admin, not even by two admins who take it from each other at once', async () => {
    const lonely = await openShop()
    const { client } = lonely.accounts
    await client.ensureFirstAdmin({ email: 'first@example.com', password })
    const demote = (email: string) => client.setRoles({ email }, ['customer'])
    await expect(demote('first@example.com')).rejects.toMatchObject({ code: 'last_admin' })
    await client.createAccount({ email: 'second@example.com', password, name: 'Bo', roles: ['admin'] })
    const results = await Promise.allSettled([demote('first@example.com'), demote('second@example.com')])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const { items } = await client.listAccounts()
    expect(items.filter(({ roles }) => roles.includes('admin'))).toHaveLength(1)
    await lonely.close()
  })

  it('that an account has already change nothing, of which its version and its history tell', async () => {
    const id = await shop.register('same@example.com')
    const given = await put(id, ['staff', 'customer'])
    const again = await put(id, ['customer', 'staff'], admin, { 'if-match': '"2"' })
    expect(again).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: given.body })
    expect((await put(id, ['customer', 'staff'], admin, { 'if-match': '"1"' })).status).toBe(412)
    const { body } = await shop.call('GET', `/api/accounts/${id}/history`, { token: admin })
    expect(body.items).toEqual([
      expect.objectContaining({ action: 'roles_set' }),
      expect.objectContaining({ action: 'created' }),
    ])
  })

  it('leave a line in the log that says who changed them', async () => {
    const id = await shop.register('logged@example.com')
    await put(id, ['staff'])
    const line = shop.lines.map((text) => JSON.parse(text)).find(({ accountId }) => accountId === id)
    expect(line).toMatchObject({ msg: 'roles changed', roles: ['staff'], by: expect.any(String) })
  })
})

describe('where mail for an account goes', () => {
  it('is its address in lower case and with the domain in ASCII', async () => {
    const id = await shop.register('Ana.Mail@MÜNCHEN.example')
    expect(await shop.accounts.client.emailOf(id)).toBe('ana.mail@xn--mnchen-3ya.example')
  })

  it('is nowhere when there is no such account', async () => {
    expect(await shop.accounts.client.emailOf('018f0000-0000-7000-8000-000000000001')).toBeNull()
  })
})
