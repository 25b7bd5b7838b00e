import { constants } from 'node:os'
import { run } from './run.ts'

const interruption = new AbortController()
let interruptedAt = 0

/**
 * The terminal, npm and a supervisor may each send the signal at once: that is one wish to stop in good order. Who
 * sends it again later does not want to wait any longer, and what was acknowledged is safe.
 */
function interrupt(signal: NodeJS.Signals): void {
  if (!interruption.signal.aborted) {
    interruptedAt = performance.now()
    interruption.abort(new Error(`stopped by ${signal}`))
  } else if (performance.now() - interruptedAt > 1_000) {
    process.exit(128 + constants.signals[signal])
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(signal))
// Whoever reads the output may stop early (`| head`): nothing more is to be said then.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(128 + constants.signals.SIGPIPE)
})

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted: interruption.signal,
})
