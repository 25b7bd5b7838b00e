import { type Account, type AccountsClient, type Role, roles } from '@colophon/accounts'
import { Argument, type Command } from 'commander'
import { print } from '../io.ts'
import {
  type CommandContext,
  example,
  jsonOption,
  type Output,
  roleOption,
  withNewPassword,
} from './options.ts'
import { withShop } from './with-shop.ts'

/** `colophon account create|list|role|password`. */
export function addAccount(program: Command, context: CommandContext): void {
  const account = program.command('account').description('accounts of people')
  account
    .command('create')
    .description('make an account; the password is read from ACCOUNT_PASSWORD, or made up and printed once')
    .argument('<email>')
    .addOption(roleOption())
    .option('--name <name>', 'the name shown; the part of the address before @ when absent')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example('colophon account create ada@example.com --role staff --name "Ada Lovelace"'),
    )
    .action((email: string, options: CreateOptions) => create(context, email, options))
  account
    .command('password')
    .description('give an account a new password, from ACCOUNT_PASSWORD or made up and printed once')
    .argument('<email>')
    .addOption(jsonOption())
    .addHelpText('after', example('colophon account password ada@example.com'))
    .action((email: string, options: Output) => password(context, email, options))
  account
    .command('list')
    .description('list the accounts')
    .addOption(jsonOption())
    .addHelpText('after', example('colophon account list'))
    .action((options: Output) => list(context, options))
  account
    .command('role')
    .description('set the roles of an account, which also takes its long-lived tokens back')
    .argument('<email>')
    .addArgument(new Argument('<roles...>', 'the roles it is to have').choices(roles))
    .addOption(jsonOption())
    .addHelpText('after', example('colophon account role ada@example.com staff'))
    .action((email: string, given: Role[], options: Output) => setRoles(context, email, given, options))
}

interface CreateOptions extends Output {
  role: Role
  name?: string
}

function create(context: CommandContext, email: string, { role, name, json }: CreateOptions): Promise<void> {
  const shownName = name ?? email.split('@')[0] ?? email
  return withNewPassword(context, (made) =>
    withAccounts(context, 'account create', async (accounts) => {
      const account = await accounts.createAccount({ email, name: shownName, password: made, roles: [role] })
      print(context.io, json ? JSON.stringify(account) : `made ${line(account)}`)
    }),
  )
}

/** A new password ends the account's sessions. */
function password(context: CommandContext, email: string, { json }: Output): Promise<void> {
  return withNewPassword(context, (made) =>
    withAccounts(context, 'account password', async (accounts) => {
      const account = await accounts.resetPassword({ email }, made)
      print(context.io, json ? JSON.stringify(account) : `new password for ${line(account)}`)
    }),
  )
}

/** Lists every account, a page at a time so that any number is no burden. */
function list(context: CommandContext, { json }: Output): Promise<void> {
  return withAccounts(context, 'account list', async (accounts) => {
    let cursor: string | null = null
    let count = 0
    do {
      const page = await accounts.listAccounts({ limit: 100, ...(cursor !== null && { cursor }) })
      for (const account of page.items) print(context.io, json ? JSON.stringify(account) : line(account))
      count += page.items.length
      cursor = page.nextCursor
    } while (cursor !== null)
    if (count === 0 && !json) {
      print(context.io, 'no accounts yet: `colophon account create EMAIL --role admin` makes one')
    }
  })
}

function setRoles(context: CommandContext, email: string, given: Role[], { json }: Output): Promise<void> {
  return withAccounts(context, 'account role', async (accounts) => {
    const account = await accounts.setRoles({ email }, given)
    print(context.io, json ? JSON.stringify(account) : line(account))
  })
}

function withAccounts(
  { config, io }: CommandContext,
  command: string,
  work: (accounts: AccountsClient) => Promise<void>,
): Promise<void> {
  return withShop(config(), io, command, ({ accounts }) => work(accounts.client))
}

function line({ id, email, name, roles: held }: Account): string {
  return `${id}  ${email}  ${held.join(',')}  ${name}`
}
