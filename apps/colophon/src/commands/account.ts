import type { Account, Role } from '@colophon/accounts'
import { type Io, print } from '../io.ts'
import type { Config } from '../settings.ts'
import { withShop } from './with-shop.ts'

interface Output {
  json: boolean
}

/** Makes an account; without a password given, one is made and printed once. */
export async function accountCreate(
  config: Config,
  io: Io,
  {
    email,
    name,
    role,
    password,
    json,
  }: Output & { email: string; name: string; role: Role; password: string },
): Promise<void> {
  await withShop(config, io, 'account create', async ({ accounts }) => {
    const account = await accounts.client.createAccount({ email, name, password, roles: [role] })
    print(io, json ? JSON.stringify(account) : `made ${line(account)}`)
  })
}

/** Lists every account, a page at a time so that any number is no burden. */
export async function accountList(config: Config, io: Io, { json }: Output): Promise<void> {
  await withShop(config, io, 'account list', async ({ accounts }) => {
    let cursor: string | undefined
    let count = 0
    do {
      const page = await accounts.client.listAccounts({ limit: 100, ...(cursor !== undefined && { cursor }) })
      for (const account of page.items) print(io, json ? JSON.stringify(account) : line(account))
      count += page.items.length
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    if (count === 0 && !json)
      print(io, 'no accounts yet: `colophon account create EMAIL --role admin` makes one')
  })
}

/** Sets the roles of an account. */
export async function accountRole(
  config: Config,
  io: Io,
  { email, roles, json }: Output & { email: string; roles: Role[] },
): Promise<void> {
  await withShop(config, io, 'account role', async ({ accounts }) => {
    const account = await accounts.client.setRoles({ email }, roles)
    print(io, json ? JSON.stringify(account) : line(account))
  })
}

function line({ id, email, name, roles }: Account): string {
  return `${id}  ${email}  ${roles.join(',')}  ${name}`
}
