import { roles } from '@colophon/accounts'
import { Option } from 'commander'
import type { Io } from '../io.ts'
import type { Config } from '../settings.ts'

/** What every command is made with. */
export interface CommandContext {
  io: Io
  /** Reads the settings. @throws ConfigError */
  config(): Config
  /** Ends the program with this exit code when the command is done, instead of 0. */
  end(code: number): void
}

/** The options that many commands have. */
export interface Output {
  json: boolean
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON, for machines').default(false)
}

export function roleOption(): Option {
  return new Option('--role <role>', 'the role; must be given').choices(roles).makeOptionMandatory()
}

/** What stands at the end of a command's help. */
export function example(...lines: string[]): string {
  return `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.map((line) => `  ${line}`).join('\n')}`
}
