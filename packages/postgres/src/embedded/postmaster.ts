import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { attemptAt, isAlive } from './attempts.ts'
import { port } from './socket.ts'

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
  const [pid, , , , socketFolder, , , status = ''] = readLockFile(cluster)?.split('\n') ?? []
  return pid && socketFolder ? { pid: Number(pid), socketFolder, ready: /^ready/.test(status) } : undefined
}

function readLockFile(cluster: string): string | undefined {
  try {
    return readFileSync(lockFile(cluster), 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function lockFile(cluster: string): string {
  return join(cluster, 'postmaster.pid')
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** Whether the process is there and is the PostgreSQL of that cluster, not another that got its id since. */
export function isRunning(cluster: string, { pid }: Postmaster): boolean {
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
 * Removes the lock files that a crashed PostgreSQL left where they lock out the next: its process id is another
 * program's by now, the rule in a container, where ids are few; or the file stayed empty.
 */
export function removeStaleLockFiles(cluster: string): void {
  const content = readLockFile(cluster)
  if (content === undefined) return
  const postmaster = readPostmaster(cluster)
  // PostgreSQL sees by itself whether nothing has that id, and then still looks for what the crash left running.
  const stale = postmaster
    ? isAlive(postmaster.pid) && !isRunning(cluster, postmaster)
    : isOld(lockFile(cluster))
  if (!stale) return
  removeIfStill(lockFile(cluster), content)
  if (postmaster) rmSync(join(postmaster.socketFolder, `.s.PGSQL.${port}.lock`), { force: true })
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
