import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { attemptAt, isAlive } from './attempts.ts'
import { port } from './socket.ts'

const lockFileName = 'postmaster.pid'

/** What a running PostgreSQL, or one that crashed, says of itself in `postmaster.pid`. */
export interface Postmaster {
  pid: number
  socketFolder: string
  /** False while it starts, recovers or stops. */
  ready: boolean
}

export function readPostmaster(cluster: string): Postmaster | undefined {
  // https://www.postgresql.org/docs/current/storage-file-layout.html: pid, data folder, start time, port,
  // socket folder, address, shared memory, status; the later ones are written a moment after the first.
  const [pid, dataFolder, , , socketFolder, , , status = ''] =
    readIfThere(join(cluster, lockFileName))?.split('\n') ?? []
  if (!pid || !socketFolder) return undefined
  // Its own folder may have another name to itself; see `pathFromWithin`.
  const ours = socketFolder === dataFolder ? cluster : socketFolder
  return { pid: Number(pid), socketFolder: ours, ready: /^ready/.test(status) }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** Whether the process is there and is the PostgreSQL of that cluster, not another that got its id since. */
export function isRunning(cluster: string, pid: number): boolean {
  if (!isAlive(pid)) return false
  const folder = workingFolder(pid)
  return folder === undefined ? commandLine(pid).includes(cluster) : folder === cluster
}

/** PostgreSQL's is its cluster. Undefined where we may not know, and on systems other than Linux. */
function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** Empty for a process that has ended, even if it still waits to be reaped. */
function commandLine(pid: number): string {
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 }).stdout
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** Milliseconds. A lock file is written to as soon as it is made. */
const longestEmpty = 5_000

/**
 * Removes the lock files, of the cluster and of the socket, that a crashed PostgreSQL left where they lock out
 * the next: the process id in it is another program's by now, the rule in a container, where ids are few; or
 * the file stayed empty.
 */
export function removeStaleLockFiles(cluster: string, socketFolder: string): void {
  for (const file of [join(cluster, lockFileName), join(socketFolder, `.s.PGSQL.${port}.lock`)]) {
    const content = readIfThere(file)
    if (content === undefined) continue
    const pid = Number.parseInt(content, 10)
    // PostgreSQL sees by itself whether nothing has that id, and then still looks for what the crash left running.
    const stale = Number.isNaN(pid) ? isOld(file) : isAlive(pid) && !isRunning(cluster, pid)
    if (stale) removeIfStill(file, content)
  }
}

function isOld(file: string): boolean {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > longestEmpty
}

/** Takes the file away before looking again, since somebody else's PostgreSQL may have started meanwhile. */
function removeIfStill(file: string, content: string): void {
  const aside = attemptAt(file)
  try {
    renameSync(file, aside)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  if (readFileSync(aside, 'utf8') === content) rmSync(aside)
  else renameSync(aside, file)
}
