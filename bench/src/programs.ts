import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { attachEmbedded, openDatabase } from '@colophon/postgres'
import { loadCatalogue } from './load-catalogue.ts'

const command = fileURLToPath(new URL('../../apps/colophon/bin/colophon.js', import.meta.url))

/** A running shop of its own, in a data folder that goes with it. */
export interface RunningShop {
  url: string
  folder: string
  pid: number
  /** From the start of the process to its being ready, in milliseconds. */
  readyMs: number
  stop(): Promise<void>
}

/**
 * Starts `colophon serve` on free ports, as users do, without rate limits.
 * @param part what is behind `serve`, such as `api`; nothing for the whole shop
 */
export async function startShop(
  environment: Record<string, string> = {},
  folder?: string,
  part: readonly string[] = [],
): Promise<RunningShop> {
  const data = folder ?? (await mkdtemp(join(tmpdir(), 'colophon-bench-')))
  const began = performance.now()
  const child = spawn(process.execPath, [command, 'serve', ...part], {
    env: {
      ...process.env,
      DATABASE_URL: `embedded:${data}`,
      PORT: '0',
      CLIENT_REQUESTS_PER_MINUTE: '0',
      ACCOUNT_REQUESTS_PER_MINUTE: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`colophon serve ended with ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /"api":"(http:\/\/[^/"]+)/.exec(line)
      if (ready?.[1]) resolve(ready[1])
    })
  })
  return {
    url,
    folder: data,
    pid: child.pid ?? 0,
    readyMs: performance.now() - began,
    async stop() {
      await end(child)
      if (folder === undefined) await rm(data, { recursive: true, force: true })
    },
  }
}

/** Puts a made-up catalogue of so many books into a running shop. */
export async function fill(shop: RunningShop, size: number): Promise<void> {
  const embedded = await attachEmbedded({ folder: shop.folder, application: 'bench' })
  const database = openDatabase({ connection: embedded.connection, application: 'bench' })
  await loadCatalogue(database, size, () => {})
  await database.close()
  await embedded.release()
}

/** Runs one of the files beside this one until it is stopped; resolves with the first line it prints. */
export async function startFile(
  name: string,
  ...args: string[]
): Promise<{ line: string; pid: number; stop(): Promise<void> }> {
  const file = fileURLToPath(new URL(name, import.meta.url))
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { line: String(line), pid: child.pid ?? 0, stop: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
