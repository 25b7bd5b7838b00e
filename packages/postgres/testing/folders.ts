import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../src/embedded/attempts.ts'
import { findPlace } from '../src/embedded/place.ts'
import { stopServer } from '../src/embedded/server.ts'

const prefix = 'colophon-test-'

/** A temporary folder that `removeDeadFolders` recognises by its name. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  chmodSync(folder, 0o755) // When root runs the tests, PostgreSQL's account has to get there.
  return folder
}

/** What runs that were killed have left: their PostgreSQL is stopped and its folder removed. */
export async function removeDeadFolders(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) && /^\d+/.exec(name.slice(prefix.length))?.[0]
    if (!pid || isAlive(Number(pid))) continue
    const folder = join(tmpdir(), name)
    const owner = statSync(folder, { throwIfNoEntry: false })?.uid
    if (owner !== process.geteuid?.()) continue
    await stopServerIn(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Stops the PostgreSQL of a data folder that is about to be removed. */
export async function stopServerIn(folder: string): Promise<void> {
  try {
    const place = findPlace(folder)
    if (place.cluster !== undefined) await stopServer({ ...place, cluster: place.cluster })
  } catch {
    // Whatever state a test has left the folder in, it goes away now.
  }
}
