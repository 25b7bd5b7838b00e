import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ServerProcess } from '../../packages/celery/testing/fault-servers/server.ts'

const command = fileURLToPath(new URL('../../apps/colophon/bin/colophon.js', import.meta.url))

/** A process of the shop, which can be killed and started again. It ends with this one. */
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
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, ...environment }
  const log = join(folder, `${name.replaceAll(' ', '-')}.log`)
  let running: ServerProcess | undefined
  return {
    name,
    async start() {
      running = new ServerProcess(process.execPath, [command, ...args], log, { env })
      if (readyAt !== undefined) await untilReady(readyAt, name, running)
    },
    async kill() {
      await running?.kill()
    },
    async stop() {
      await running?.stop(stopPatience)
    },
  }
}

async function untilReady(url: string, name: string, started: ServerProcess): Promise<void> {
  const deadline = Date.now() + startPatience
  for (;;) {
    if (await isOk(url).catch(() => false)) return
    if (!started.isRunning) throw new Error(`${name} ended as it started: see its log`)
    if (Date.now() > deadline) throw new Error(`${name} was not ready in ${startPatience / 1_000} s`)
    await delay(pause)
  }
}

async function isOk(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
  await answer.arrayBuffer()
  return answer.ok
}
