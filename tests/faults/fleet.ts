import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ServerProcess } from '../../packages/celery/testing/fault-servers/server.ts'

const command = fileURLToPath(new URL('../../apps/colophon/bin/colophon.js', import.meta.url))

/** A process of the shop, which can be killed and started again. It ends with this one. */
export interface Member {
  readonly name: string
  /** What it writes. */
  readonly log: string
  /** Resolves when it is ready. @throws Error when it ends before */
  start(): Promise<void>
  /** SIGKILL; resolves when it is gone. @returns false when it had ended by itself */
  kill(): Promise<boolean>
  /** SIGTERM; resolves when it has ended. @returns false when it had ended by itself */
  stop(): Promise<boolean>
}

export interface MemberOptions {
  name: string
  /** What `colophon` is told to run. */
  args: readonly string[]
  environment: Readonly<Record<string, string>>
  /** The folder of its log. */
  folder: string
  /** Answers when it is ready. */
  readyAt: string
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
    log,
    async start() {
      running = new ServerProcess(process.execPath, [command, ...args], log, { env })
      await untilReady(readyAt, name, running)
    },
    kill: async () => (await running?.kill()) ?? false,
    stop: async () => (await running?.stop(stopPatience)) ?? false,
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

/** Stops all at once. @returns the names of those that had ended by themselves */
export async function stopAll(running: readonly Pick<Member, 'name' | 'stop'>[]): Promise<string[]> {
  const stopped = await Promise.all(running.map(async (one) => ((await one.stop()) ? [] : [one.name])))
  return stopped.flat()
}
