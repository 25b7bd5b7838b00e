import { join } from 'node:path'
import { vi } from 'vitest'
import type { Io } from '../../../src/cli/io.ts'
import { run } from '../../../src/cli/run.ts'
import { url } from '../fixtures/app.ts'

export const appFile = join(import.meta.dirname, '../fixtures/app.ts')

export interface Outcome {
  code: number
  out: string[]
  err: string[]
}

/** A command that runs, with what it has written so far and the signals it can be sent. */
export interface Running {
  out: string[]
  err: string[]
  signal(signal: NodeJS.Signals): void
  code: Promise<number>
}

export function begin(args: string[], env: Io['env'] = {}): Running {
  const [out, err]: [string[], string[]] = [[], []]
  const listeners = new Set<(signal: NodeJS.Signals) => void>()
  const io: Io = {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    env,
    onSignals(signals, listener) {
      const heard = (signal: NodeJS.Signals) => signals.includes(signal) && listener(signal)
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
    onUncaught: () => () => undefined,
  }
  const signal = (name: NodeJS.Signals) => {
    for (const listener of listeners) listener(name)
  }
  return { out, err, signal, code: run(args, io) }
}

/** Runs a command to its end. */
export async function command(args: string[], env: Io['env'] = {}): Promise<Outcome> {
  const { out, err, code } = begin(args, env)
  return { code: await code, out, err }
}

/** As `command`, on the queues and results of the fixture's app. */
export function onUrl(...args: string[]): Promise<Outcome> {
  return command(['--broker', url, '--result-backend', url, '-l', 'error', ...args])
}

/** Waits until the check passes, for ten seconds. */
export function soon(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, 10_000)
}
