import { type Account, accountsSettings, newPassword, type Role, roles } from '@colophon/accounts'
import { Argument, type Command, InvalidArgumentError } from 'commander'
import { lineOf, print } from '../io.ts'
import type { Config } from '../settings.ts'
import { type CommandContext, example, jsonOption, type Output, roleOption } from './options.ts'
import { withShop } from './with-shop.ts'

/** `colophon account create|list|role|password`. */
export function addAccount(program: Command, context: CommandContext): void {
  const account = program
    .command('account')
    .description('accounts of people')
    .addHelpText(
      'after',
      example(
        'colophon account create ada@example.com --role staff',
        'colophon account role ada@example.com customer staff',
        'colophon account list',
      ),
    )
  account
    .command('create')
    .usage('<email> --role <role> [options]')
    .description('make an account; the password is read from ACCOUNT_PASSWORD, or made up and printed once')
    .argument('<email>', 'its address, which nobody has yet', emailAddress)
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
  const use = { command: 'account create', makes: true, migrates: true }
  return withShop(context, use, async ({ accounts }, config) => {
    const chosen = choosePassword(config)
    const { password } = chosen
    const account = await accounts.client.createAccount({ email, name: shownName, password, roles: [role] })
    printWithPassword(context, 'made', account, chosen, json)
  })
}

/** A new password ends the account's sessions. */
function password(context: CommandContext, email: string, { json }: Output): Promise<void> {
  return withShop(context, { command: 'account password', migrates: true }, async ({ accounts }, config) => {
    const chosen = choosePassword(config)
    const account = await accounts.client.resetPassword({ email }, chosen.password)
    printWithPassword(context, 'new password for', account, chosen, json)
  })
}

/** Lists every account, a page at a time so that any number is no burden. */
function list(context: CommandContext, { json }: Output): Promise<void> {
  return withShop(context, { command: 'account list' }, async ({ accounts }) => {
    let cursor: string | null = null
    let count = 0
    do {
      const page = await accounts.client.listAccounts({ limit: 100, ...(cursor !== null && { cursor }) })
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
  return withShop(context, { command: 'account role', migrates: true }, async ({ accounts }) => {
    const account = await accounts.client.setRoles({ email }, given)
    print(context.io, json ? JSON.stringify(account) : line(account))
  })
}

/** The rule of every account's address, asked before a shop may be made for one. */
function emailAddress(text: string): string {
  try {
    return accountsSettings.adminEmail.parse(text)
  } catch (error) {
    throw new InvalidArgumentError(`It must be ${lineOf(error)}.`)
  }
}

interface ChosenPassword {
  password: string
  /** Nobody knows it yet. */
  isMadeUp: boolean
}

function choosePassword({ accountPassword: given }: Config): ChosenPassword {
  return { password: given ?? newPassword(), isMadeUp: given === undefined }
}

/** Tells a password that was made up: in the JSON, else on standard error, since standard output is often kept. */
function printWithPassword(
  { io }: CommandContext,
  done: string,
  account: Account,
  { password, isMadeUp }: ChosenPassword,
  json: boolean,
): void {
  print(io, json ? JSON.stringify({ ...account, ...(isMadeUp && { password }) }) : `${done} ${line(account)}`)
  if (isMadeUp && !json) io.stderr.write(`password: ${password}\n`)
}

function line({ id, email, name, roles: held }: Account): string {
  return `${id}  ${email}  ${held.join(',')}  ${name}`
}
