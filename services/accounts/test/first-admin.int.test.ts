import { describe, expect, it } from 'vitest'
import { openShop, password } from './shop.ts'

describe('the first admin', () => {
  it('is made once, by one of many who ask, with a password that is shown once', async () => {
    const fresh = await openShop()
    const ask = () => fresh.accounts.client.ensureFirstAdmin({ email: 'admin@example.com' })
    const answers = await Promise.all([ask(), ask(), ask(), ask()])
    const made = answers.filter(({ created }) => created)
    expect(made).toHaveLength(1)
    expect(answers.filter(({ password: shown }) => shown !== undefined)).toHaveLength(1)
    const { accessToken } = await fresh.signIn('admin@example.com', made[0]?.password)
    expect((await fresh.call('GET', '/api/accounts', { token: accessToken })).status).toBe(200)
    expect(await fresh.accounts.client.ensureFirstAdmin({ email: 'other@example.com' })).toEqual({
      created: false,
      email: 'admin@example.com',
    })
    expect(fresh.lines.join()).not.toContain(made[0]?.password)
    await fresh.close()
  })

  it('has the password it was given, which must be a good one', async () => {
    const fresh = await openShop()
    const ask = (given: string) =>
      fresh.accounts.client.ensureFirstAdmin({ email: 'admin@example.com', password: given })
    await expect(ask('password')).rejects.toMatchObject({ code: 'validation_failed' })
    expect(await ask(password)).toEqual({ created: true, email: 'admin@example.com' })
    expect(await ask('not looked at any more')).toEqual({ created: false, email: 'admin@example.com' })
    await expect(fresh.signIn('admin@example.com')).resolves.toBeDefined()
    await fresh.close()
  })

  it('is not made of the account that somebody else has, and says in one line what to do', async () => {
    const fresh = await openShop()
    const { client } = fresh.accounts
    await fresh.register('admin@example.com')
    await expect(client.ensureFirstAdmin({ email: 'Admin@example.com' })).rejects.toMatchObject({
      code: 'email_taken',
      detail:
        'the account Admin@example.com is there and is no admin: set ADMIN_EMAIL to another address, or, if it is ' +
        'yours, give that account the role: colophon account role Admin@example.com customer admin',
    })
    await client.setRoles({ email: 'Admin@example.com' }, ['customer', 'admin'])
    expect(await client.ensureFirstAdmin({ email: 'Admin@example.com' })).toMatchObject({ created: false })
    await fresh.close()
  })

  it('has an address that nobody else can register before there is an admin', async () => {
    const fresh = await openShop({ firstAdminEmail: 'admin@shop.example' })
    const register = (email: string) =>
      fresh.call('POST', '/api/accounts', { body: { email, password, name: 'Eve' } })
    expect(await register('ADMIN@shop.example')).toMatchObject({ status: 409, body: { code: 'email_taken' } })
    expect((await register('eve@shop.example')).status).toBe(201)
    await fresh.accounts.client.setRoles({ email: 'eve@shop.example' }, ['admin'])
    expect((await register('admin@shop.example')).status).toBe(201)
    await fresh.close()
  })
})
