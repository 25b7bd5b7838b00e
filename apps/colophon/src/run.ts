import { Problem } from '@colophon/http'
import { ConfigError } from '@colophon/runtime'
import { CommanderError } from 'commander'
import { exitCodes, type Io, lineOf } from './io.ts'
import { createProgram } from './program.ts'
import { configOf } from './settings.ts'

/**
 * Runs one command line to its end.
 * @param args what follows the program's name
 * @returns the exit code (`exitCodes`); what went wrong has been said on standard error, in one line for each thing
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let code: number = exitCodes.done
  const program = createProgram({
    io,
    config: () => configOf(io.environment),
    end: (ended) => {
      code = ended
    },
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    return explain(error, io)
  }
}

function explain(error: unknown, io: Io): number {
  // Commander has said it already; asking for help or the version is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  io.stderr.write(`colophon: ${lineOf(error)}\n`)
  return isUsage(error) ? exitCodes.usage : exitCodes.failed
}

/** What was given is not possible, such as an address or a password that breaks its rule, whatever is in the shop. */
function isUsage(error: unknown): boolean {
  return error instanceof ConfigError || (error instanceof Problem && error.code === 'validation_failed')
}
