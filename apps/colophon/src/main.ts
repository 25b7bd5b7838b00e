import { constants } from 'node:os'
import { Problem } from '@colophon/http'
import { ConfigError } from '@colophon/runtime'
import { CommanderError } from 'commander'
import { exitCodes } from './io.ts'
import { createProgram } from './program.ts'

const interruption = new AbortController()
// The terminal, npm and a supervisor may each send the signal: one is enough, and the rest change nothing.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interruption.abort(signal))
// Whoever reads the output may stop early (`| head`): nothing more is to be said then.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(128 + constants.signals.SIGPIPE)
})

const program = createProgram(
  {
    environment: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    interrupted: interruption.signal,
  },
  (code) => {
    process.exitCode = code
  },
)

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = explain(error)
}

/** Says in one line what stopped the command. */
function explain(error: unknown): number {
  // Commander has said it already; asking for help or the version is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  const line =
    error instanceof Problem ? error.detail : error instanceof Error ? error.message : String(error)
  process.stderr.write(`colophon: ${line}\n`)
  return error instanceof ConfigError ? exitCodes.usage : exitCodes.failed
}
