import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openShop, password, type Shop } from './shop.ts'

const day = 24 * 60 * 60 * 1000
const another = 'quite another one'
let shop: Shop
let admin: string
let adminId: string

beforeAll(async () => {
  shop = await openShop()
  await shop.accounts.client.ensureFirstAdmin({ email: 'admin@example.com', password })
  admin = (await shop.signIn('admin@example.com')).accessToken
  adminId = String((await shop.call('GET', '/api/accounts/me', { token: admin })).body.id)
})

afterAll(() => shop.close())

const history = (id: string, query = '', token = admin) =>
  shop.call('GET', `/api/accounts/${id}/history${query}`, { token })

const rows = (of: Shop) =>
  of.database.query<{ action: string }>(sql`select * from accounts.account_history order by entry`)

describe('the history of an account', () => {
  it('tells who did what and when on the command line, page by page and the newest first', async () => {
    const { client } = shop.accounts
    const { id } = await client.createAccount({ email: 'cli@example.com', password, name: 'C' })
    await client.setRoles({ id }, ['staff'])
    const token = { role: 'staff', email: 'cli@example.com', expiresInSeconds: 30 * 24 * 3600 } as const
    const { accessToken } = await client.issueToken(token)
    await client.resetPassword({ id }, another)

    const first = await history(id, '?limit=3')
    const second = await history(id, `?limit=3&cursor=${first.body.nextCursor}`)
    expect([first.status, second.status, second.body.nextCursor]).toEqual([200, 200, null])
    const done = { actor: 'the command line', at: shop.time.now.toISOString() }
    expect([...(first.body.items ?? []), ...(second.body.items ?? [])]).toEqual([
      { ...done, action: 'password_reset', detail: {} },
      { ...done, action: 'token_issued', detail: { roles: ['staff'], expiresIn: 2_592_000 } },
      { ...done, action: 'roles_set', detail: { roles: ['staff'], rolesBefore: ['customer'] } },
      { ...done, action: 'created', detail: { roles: ['customer'] } },
    ])
    const kept = JSON.stringify(await rows(shop))
    for (const secret of [password, another, accessToken, 'argon2id']) expect(kept).not.toContain(secret)
  })

  it('names the accounts that did it over HTTP, and the start that made the first admin', async () => {
    const id = await shop.register('http@example.com')
    const { accessToken: token } = await shop.signIn('http@example.com')
    const body = { currentPassword: password, newPassword: another }
    expect((await shop.call('POST', '/api/accounts/me/password', { token, body })).status).toBe(204)
    const roles = { token: admin, headers: { 'if-match': '*' }, body: { roles: ['staff'] } }
    expect((await shop.call('PUT', `/api/accounts/${id}/roles`, roles)).status).toBe(200)
    expect((await history(id)).body.items).toMatchObject([
      { action: 'roles_set', actor: adminId },
      { action: 'password_changed', actor: id },
      { action: 'created', actor: id },
    ])
    expect((await history(adminId)).body.items).toMatchObject([
      { action: 'created', actor: 'the first start', detail: { roles: ['admin'] } },
    ])
  })

  it('is for admins', async () => {
    const id = await shop.register('curious@example.com')
    const { accessToken } = await shop.signIn('curious@example.com')
    expect((await history(id, '', accessToken)).status).toBe(403)
  })

  it('is of an account that there is, and its cursor of no other', async () => {
    const none = await history('019a0000-0000-7000-8000-000000000000')
    expect(none).toMatchObject({ status: 404, body: { code: 'account_not_found' } })
    const id = await shop.register('paged@example.com')
    await shop.accounts.client.setRoles({ id }, ['staff'])
    const { nextCursor } = (await history(id, '?limit=1')).body
    const refused = await history(adminId, `?cursor=${nextCursor}`)
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
  })
})

describe('what is done to an account', () => {
  it('is not done when it cannot be told, and not told when it is not done', async () => {
    const other = await openShop()
    const { client } = other.accounts
    const made = await client.createAccount({
      email: 'eve@example.com',
      password,
      name: 'E',
      roles: ['admin'],
    })
    await expect(client.setRoles({ id: made.id }, ['customer'])).rejects.toMatchObject({ code: 'last_admin' })
    expect(await rows(other)).toMatchObject([{ action: 'created' }])

    await other.database.query(sql`
      alter table accounts.account_history add constraint closed check (at is null) not valid`)
    const bob = { email: 'bob@example.com', password, name: 'B' }
    for (const work of [
      () => client.createAccount(bob),
      () => client.setRoles({ id: made.id }, ['staff', 'admin']),
      () => client.resetPassword({ id: made.id }, another),
      () => client.issueToken({ role: 'admin' }),
    ]) {
      await expect(work()).rejects.toThrow('closed')
    }
    expect((await client.listAccounts()).items).toEqual([made])
    await expect(other.signIn('eve@example.com')).resolves.toBeDefined()
    await other.close()
  })

  it('is known for two years', async () => {
    const other = await openShop()
    await other.register('old@example.com')
    other.time.now = new Date(other.time.now.getTime() + 729 * day)
    await other.register('new@example.com')
    const cleaned = async () => {
      await other.accounts.stop()
      await other.accounts.start()
      await other.accounts.stop()
      return rows(other)
    }
    expect(await cleaned()).toHaveLength(2)
    other.time.now = new Date(other.time.now.getTime() + 2 * day)
    expect(await cleaned()).toHaveLength(1)
    await other.close()
  })
})
