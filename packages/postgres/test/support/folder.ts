import { realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { isRunning, readPostmaster } from '../../src/embedded/postmaster.ts'
import { stopServerIn, temporaryFolder } from '../../testing/folders.ts'

/** An empty data folder for the test that runs. Whatever PostgreSQL is left in it afterwards is stopped. */
export function newFolder(...below: string[]): string {
  const top = temporaryFolder()
  const folder = join(top, ...below)
  onTestFinished(async () => {
    await stopServerIn(folder)
    rmSync(top, { recursive: true, force: true })
  })
  return folder
}

let shared: string | undefined

/** A data folder for all tests of a file, one after the other, as making a cluster takes a while. */
export function usedFolder(): string {
  shared ??= temporaryFolder()
  const folder = shared
  onTestFinished(() => stopServerIn(folder))
  return folder
}

afterAll(() => {
  if (shared !== undefined) rmSync(shared, { recursive: true, force: true })
})

/** The process id of the PostgreSQL that runs in a data folder; undefined when none does. */
export function serverPid(folder: string): number | undefined {
  const cluster = realpathSync(join(folder, 'postgres'))
  const postmaster = readPostmaster(cluster)
  return postmaster && isRunning(cluster, postmaster.pid) ? postmaster.pid : undefined
}
