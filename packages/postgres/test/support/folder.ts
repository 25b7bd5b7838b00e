import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { findPlace } from '../../src/embedded/place.ts'
import { isRunning, readPostmaster } from '../../src/embedded/postmaster.ts'
import { stopServer } from '../../src/embedded/server.ts'

/** An empty data folder for the test that runs. Whatever PostgreSQL is left in it afterwards is stopped. */
export function newFolder(...below: string[]): string {
  const top = temporaryFolder()
  const folder = join(top, ...below)
  onTestFinished(async () => {
    await stop(folder)
    rmSync(top, { recursive: true, force: true })
  })
  return folder
}

let shared: string | undefined

/** A data folder for all tests of a file, one after the other, as making a cluster takes a while. */
export function usedFolder(): string {
  shared ??= temporaryFolder()
  const folder = shared
  onTestFinished(() => stop(folder))
  return folder
}

afterAll(() => {
  if (shared !== undefined) rmSync(shared, { recursive: true, force: true })
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), `colophon-test-${process.pid}-`))
  chmodSync(folder, 0o755) // PostgreSQL's account has to get there when root runs the tests.
  return folder
}

/** The process id of the PostgreSQL that runs in a data folder; undefined when none does. */
export function serverPid(folder: string): number | undefined {
  const cluster = realpathSync(join(folder, 'postgres'))
  const postmaster = readPostmaster(cluster)
  return postmaster && isRunning(cluster, postmaster) ? postmaster.pid : undefined
}

async function stop(folder: string): Promise<void> {
  try {
    const place = findPlace(folder)
    if (place.cluster !== undefined) await stopServer({ ...place, cluster: place.cluster })
  } catch {
    // A folder that the test broke on purpose has no server.
  }
}
