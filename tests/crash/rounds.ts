import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runColophon, type Served, serveColophon } from '../../apps/colophon/test/process.ts'

export type Victim = 'program' | 'postgres'

/** What a run of rounds found. */
export interface CrashReport {
  rounds: number
  /** Writes that were answered 201. */
  acknowledged: number
  /** Acknowledged writes that were not there after the crash: must stay empty. */
  lost: string[]
}

/** Writers at once, and how many acknowledged writes a round waits for before it kills. */
const writers = 4
const writesBeforeKill = 40
/** Milliseconds that a round waits for its writes, or for PostgreSQL to come back, and between two tries. */
const patience = 60_000
const pause = 50

/**
 * Kills the program or its PostgreSQL with SIGKILL while books are written, starts what has to be started, and
 * looks for every write that was acknowledged, round after round in one data folder.
 */
export async function crashRounds(
  folder: string,
  victims: readonly Victim[],
  tell: (line: string) => void = () => {},
): Promise<CrashReport> {
  const environment = {
    DATABASE_URL: `embedded:${folder}`,
    CLIENT_REQUESTS_PER_MINUTE: '0',
    ACCOUNT_REQUESTS_PER_MINUTE: '0',
    LOG_LEVEL: 'info',
  }
  const acknowledged: string[] = []
  const lost: string[] = []
  let shop: Served | undefined
  try {
    for (const [index, victim] of victims.entries()) {
      shop =
        shop?.child.exitCode === null && shop.child.signalCode === null
          ? shop
          : await serveColophon(environment)
      const { output } = await runColophon(['token', '--role', 'staff'], environment)
      const before = acknowledged.length
      await writeAndKill(shop, victim, folder, output.trim(), acknowledged)
      if (victim === 'program') shop = await serveColophon(environment)
      const missing = await missingBooks(shop.url, acknowledged.slice(before))
      lost.push(...missing)
      tell(
        `round ${index + 1}: ${victim} killed, ${acknowledged.length - before} acknowledged, ${missing.length} lost`,
      )
    }
    if (shop) lost.push(...(await missingBooks(shop.url, acknowledged)))
    return { rounds: victims.length, acknowledged: acknowledged.length, lost: [...new Set(lost)] }
  } finally {
    if (shop?.child.exitCode === null && shop.child.signalCode === null) await shop.end('SIGTERM')
  }
}

async function writeAndKill(
  shop: Served,
  victim: Victim,
  folder: string,
  token: string,
  acknowledged: string[],
): Promise<void> {
  const enough = Promise.withResolvers<void>()
  const before = acknowledged.length
  let isOver = false
  const tooLate = setTimeout(() => {
    isOver = true
    enough.reject(new Error(`${shop.url} did not accept ${writesBeforeKill} books in ${patience / 1000} s`))
  }, patience)
  async function write(): Promise<void> {
    while (!isOver) {
      const response = await post(shop.url, token).catch(() => undefined)
      if (response?.status !== 201) {
        await delay(pause)
        continue
      }
      const { id } = (await response.json().catch(() => ({ id: '' }))) as { id: string }
      if (id !== '') acknowledged.push(id)
      if (acknowledged.length - before >= writesBeforeKill) enough.resolve()
    }
  }
  const writing = Array.from({ length: writers }, write)
  await enough.promise.finally(() => clearTimeout(tooLate))
  if (victim === 'program') await shop.end('SIGKILL')
  else process.kill(await postmaster(folder), 'SIGKILL')
  isOver = true
  await Promise.all(writing)
}

function post(url: string, token: string): Promise<Response> {
  return fetch(`${url}/api/books`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ title: 'Written before the crash', contributors: [{ name: 'A Writer' }] }),
    signal: AbortSignal.timeout(10_000),
  })
}

async function postmaster(folder: string): Promise<number> {
  const [pid = ''] = (await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
  return Number(pid)
}

/** The ids that are not answered 200; a shop whose PostgreSQL is coming back is asked again until it is. */
async function missingBooks(url: string, ids: readonly string[]): Promise<string[]> {
  const missing: string[] = []
  const deadline = Date.now() + patience
  for (const id of ids) {
    let status = 503
    while (status === 503 && Date.now() < deadline) {
      const response = await fetch(`${url}/api/books/${id}`, { signal: AbortSignal.timeout(10_000) })
      status = response.status
      await response.arrayBuffer()
      if (status === 503) await delay(pause)
    }
    if (status !== 200) missing.push(id)
  }
  return missing
}
