import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { EmbeddedOptions } from '../../src/index.ts'

/** A process of its own that uses a data folder; see `user.ts`. */
export interface Program {
  /** The next line it writes. */
  next(): Promise<Record<string, unknown>>
  /** Runs a statement; its answer is the next line. */
  send(statement: string): void
  /** Lets it leave and waits for its end. */
  leave(): Promise<void>
  /** Sends a signal to it, or to its whole process group as a terminal's Ctrl-C does, and waits for no answer. */
  signal(signal: NodeJS.Signals, to?: 'it' | 'its group'): void
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>
}

export function startProgram(
  options: EmbeddedOptions,
  account: { uid?: number; gid?: number } = {},
): Program {
  const path = fileURLToPath(new URL('user.ts', import.meta.url))
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    [path, JSON.stringify(options)],
    { ...account, detached: true, stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' },
  )
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const ended = once(child, 'exit')
  const { pid = 0 } = child
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return {
    next: async () => JSON.parse((await lines.next()).value ?? '{}'),
    send: (statement) => void child.stdin.write(`${statement}\n`),
    signal: (signal, to = 'it') => void process.kill(to === 'it' ? pid : -pid, signal),
    async leave() {
      child.stdin.end()
      await ended
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
