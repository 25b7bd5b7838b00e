import { randomBytes } from 'node:crypto'
import { type Role, roles } from '@colophon/accounts'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { accountCreate, accountList, accountRole } from './commands/account.ts'
import { type ImportOptions, importCommand } from './commands/import.ts'
import { migrateCommand } from './commands/migrate.ts'
import { sampleLoad, sampleRemove } from './commands/sample.ts'
import { serve } from './commands/serve.ts'
import { tokenCommand } from './commands/token.ts'
import type { Io } from './io.ts'
import { configOf, settings } from './settings.ts'
import { version } from './version.ts'

/** The command line: which command runs with which options. */
export function createProgram(io: Io, end: (code: number) => void): Command {
  const config = () => configOf(io.environment)
  const json = () => new Option('--json', 'print JSON, for machines').default(false)
  const role = () => new Option('--role <role>', 'the role').choices(roles).makeOptionMandatory()
  const program = new Command('colophon')
    .description("A bookshop's backend: one command, one process, and the same code as a fleet.")
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .exitOverride()
    .addHelpText('after', `\nSettings are environment variables:\n${settingsTable()}\n`)
    .addHelpText(
      'after',
      'Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 done with refused rows.',
    )

  program
    .command('serve')
    .description('run the whole shop in this process')
    .addHelpText('after', example('colophon serve', 'PORT=9000 colophon serve'))
    .action(() => serve(config(), io))

  program
    .command('import')
    .description('bring a catalogue feed (CSV) into the shop')
    .argument('<file>', 'the file, or - for standard input')
    .option('--dry-run', 'say what would happen and change nothing', false)
    .option('--source <name>', 'whose feed it is; records are recognised again by it')
    .option(
      '--columns <names>',
      'the columns of a file without a header, separated by commas; - skips one',
      names,
    )
    .addOption(json())
    .addHelpText(
      'after',
      `${example('colophon import books.csv --dry-run', 'zcat feed.csv.gz | colophon import - --source wholesaler')}
Rows that cannot be read are reported with line, column, code and value, and stop nothing; then the exit code is 3.`,
    )
    .action(async (file: string, options: ImportOptions) =>
      end(await importCommand(config(), io, file, options)),
    )

  program
    .command('migrate')
    .description("bring the database's tables up to date (the shop does it itself at every start)")
    .addOption(json())
    .addHelpText('after', example('colophon migrate'))
    .action((options: { json: boolean }) => migrateCommand(config(), io, options))

  program
    .command('token')
    .description('print an access token for scripts')
    .addOption(role())
    .option('--email <address>', 'whose token it is; the first administrator when absent')
    .option('--expires <seconds>', 'how long it is good for, 60 to 2592000', seconds, 3600)
    .addOption(json())
    .addHelpText(
      'after',
      example(
        'curl -H "Authorization: Bearer $(colophon token --role staff)" http://127.0.0.1:8080/api/accounts/me',
      ),
    )
    .action((options: { role: Role; email?: string; expires: number; json: boolean }) =>
      tokenCommand(config(), io, options),
    )

  addAccountCommands(program, io, json, role)

  const sample = program.command('sample').description('the sample catalogue')
  sample
    .command('load')
    .description('add the sample catalogue')
    .addOption(json())
    .addHelpText('after', example('colophon sample load'))
    .action((options: { json: boolean }) => sampleLoad(config(), io, options))
  sample
    .command('remove')
    .description('take the sample catalogue away')
    .addOption(json())
    .addHelpText('after', example('colophon sample remove'))
    .action((options: { json: boolean }) => sampleRemove(config(), io, options))

  return program
}

function addAccountCommands(program: Command, io: Io, json: () => Option, role: () => Option): void {
  const config = () => configOf(io.environment)
  const account = program.command('account').description('accounts of people')
  account
    .command('create')
    .description('make an account; the password is read from ACCOUNT_PASSWORD, or made up and printed once')
    .argument('<email>')
    .addOption(role())
    .option('--name <name>', 'the name shown; the part of the address before @ when absent')
    .addOption(json())
    .addHelpText(
      'after',
      example('colophon account create ada@example.com --role staff --name "Ada Lovelace"'),
    )
    .action(async (email: string, options: { role: Role; name?: string; json: boolean }) => {
      const given = io.environment.ACCOUNT_PASSWORD
      const password = given ?? randomBytes(15).toString('base64url')
      const name = options.name ?? email.split('@')[0] ?? email
      await accountCreate(config(), io, { ...options, email, name, password })
      if (given === undefined) io.stderr.write(`password: ${password}\n`)
    })
  account
    .command('list')
    .description('list the accounts')
    .addOption(json())
    .addHelpText('after', example('colophon account list'))
    .action((options: { json: boolean }) => accountList(config(), io, options))
  account
    .command('role')
    .description('set the roles of an account')
    .argument('<email>')
    .addArgument(new Argument('<roles...>', 'the roles it is to have').choices(roles))
    .addOption(json())
    .addHelpText('after', example('colophon account role ada@example.com staff'))
    .action((email: string, given: Role[], options: { json: boolean }) =>
      accountRole(config(), io, { ...options, email, roles: given }),
    )
}

function example(...lines: string[]): string {
  return `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

function settingsTable(): string {
  const rows = Object.values(settings)
  const width = Math.max(...rows.map(({ env }) => env.length)) + 2
  return rows.map(({ env, help, shown }) => `  ${env.padEnd(width)}${help} [${shown || 'none'}]`).join('\n')
}

function seconds(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 60 && value <= 2_592_000) return value
  throw new InvalidArgumentError('It must be a whole number of seconds from 60 to 2592000.')
}

function names(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}
