import { Command } from 'commander'
import { addAccount } from './commands/account.ts'
import { addBackground } from './commands/background.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addImport } from './commands/import.ts'
import { addKeys } from './commands/keys.ts'
import { addMigrate } from './commands/migrate.ts'
import type { CommandContext } from './commands/options.ts'
import { addOutbox } from './commands/outbox.ts'
import { addReport } from './commands/report.ts'
import { addSample } from './commands/sample.ts'
import { addServe } from './commands/serve.ts'
import { addStock } from './commands/stock.ts'
import { addToken } from './commands/token.ts'
import { settings } from './settings.ts'
import { version } from './version.ts'

const commands = [
  addServe,
  addBackground,
  addImport,
  addStock,
  addReport,
  addDeadLetters,
  addOutbox,
  addMigrate,
  addToken,
  addAccount,
  addKeys,
  addSample,
]

/** The command line: which command runs with which options. */
export function createProgram(context: CommandContext): Command {
  const { stdout, stderr } = context.io
  const program = new Command('colophon')
    .description("A bookshop's backend: one command, one process, and the same code as a fleet.")
    .version(version)
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .exitOverride()
    .addHelpText('after', `\nSettings are environment variables:\n${settingsTable()}\n`)
    .addHelpText(
      'after',
      'Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 done with refused rows.',
    )
  for (const add of commands) add(program, context)
  return program
}

function settingsTable(): string {
  const rows = Object.values(settings)
  const width = Math.max(...rows.map(({ env }) => env.length)) + 2
  return rows.map(({ env, help, shown }) => `  ${env.padEnd(width)}${help} [${shown || 'none'}]`).join('\n')
}
