import { constants } from 'node:os'

/** What a command writes to and is told by: a test passes its own. */
export interface Io {
  out(line: string): void
  err(line: string): void
  env: Record<string, string | undefined>
  /** Calls back at each of these signals; returns what ends that. */
  onSignals(signals: readonly NodeJS.Signals[], listener: (signal: NodeJS.Signals) => void): () => void
  /** Calls back for each error that nobody caught, in place of the end of the process; returns what ends that. */
  onUncaught(listener: (error: unknown) => void): () => void
}

export const processIo: Io = {
  out: (line) => void process.stdout.write(`${line}\n`, endWhenNobodyReads),
  err: (line) => void process.stderr.write(`${line}\n`),
  env: process.env,
  onSignals(signals, listener) {
    for (const signal of signals) process.on(signal, listener)
    return () => {
      for (const signal of signals) process.off(signal, listener)
    }
  },
  // Rejections that nobody awaits come here too, in the asynchronous context of what was rejected.
  onUncaught(listener) {
    process.on('uncaughtException', listener)
    return () => process.off('uncaughtException', listener)
  },
}

/** As SIGPIPE, which Node ignores, ends other programs. Called before the stream's event, which nobody listens to. */
function endWhenNobodyReads(error: NodeJS.ErrnoException | null | undefined): void {
  if (error?.code === 'EPIPE') process.exit(128 + constants.signals.SIGPIPE)
}

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
