import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../../apps/colophon/bin/colophon.js', import.meta.url))

/** A process of the shop, which can be killed and started again. */
export interface Member {
  readonly name: string
  start(): Promise<void>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>
}

export interface MemberOptions {
  name: string
  /** What `colophon` is told to run. */
  args: readonly string[]
  environment: Readonly<Record<string, string>>
  /** The folder of its log. */
  folder: string
  /** Answers when it is ready; without one it is as soon as it runs. */
  readyAt?: string
}

/** Milliseconds for a start, for a stop, and between two looks. */
const [startPatience, stopPatience, pause] = [60_000, 20_000, 50]

export function createMember({ name, args, environment, folder, readyAt }: MemberOptions): Member {
  let child: ChildProcess | undefined
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child === undefined || !isRunning()) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  return {
    name,
    async start() {
      const log = openSync(join(folder, `${name.replaceAll(' ', '-')}.log`), 'a')
      const { PATH = '', HOME = '' } = process.env
      const env = { PATH, HOME, ...environment }
      child = spawn(process.execPath, [command, ...args], {
        env,
        stdio: ['ignore', log, log],
        detached: true,
      })
      closeSync(log)
      if (readyAt !== undefined) await untilReady(readyAt, name, isRunning)
    },
    kill: () => end('SIGKILL'),
    async stop() {
      const timer = setTimeout(() => child?.kill('SIGKILL'), stopPatience)
      await end('SIGTERM').finally(() => clearTimeout(timer))
    },
  }
}

async function untilReady(url: string, name: string, isRunning: () => boolean): Promise<void> {
  const deadline = Date.now() + startPatience
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer?.ok) return
    if (!isRunning()) throw new Error(`${name} ended as it started: see its log`)
    if (Date.now() > deadline) throw new Error(`${name} was not ready in ${startPatience / 1_000} s`)
    await delay(pause)
  }
}
