import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathFromWithin, spawnAs, weAreRoot } from './account.ts'
import { type Binaries, binariesFor, program } from './binaries.ts'
import type { Place } from './place.ts'
import { isRunning, readPostmaster } from './postmaster.ts'
import { environment, lastReason, run } from './run.ts'
import { port, removeSocketFolder } from './socket.ts'

/** A place whose cluster is there. */
export type ClusterPlace = Place & { cluster: string }

export interface Launch {
  readonly socketFolder: string
  /** What became of it; undefined while it runs. It was stopped or killed by others, locked out, or failed. */
  outcome(): 'stopped' | 'locked out' | Error | undefined
}

/** How many connections all who use an embedded PostgreSQL may have together. */
export const maxConnections = 100

export interface LaunchOptions {
  socketFolder: string
  /** Whether what is committed survives a power failure. */
  durable: boolean
}

/**
 * Starts PostgreSQL in a session of its own, so that no Ctrl-C meant for us reaches it and it outlives us. Of
 * two started at once, one finds itself locked out.
 */
export function launch(place: ClusterPlace, binaries: Binaries, options: LaunchOptions): Launch {
  const { cluster, account, folder } = place
  const log = openLog(folder)
  const start = fstatSync(log).size
  const child = spawn(program(binaries, 'postgres'), serverArguments(place, options), {
    ...spawnAs(account),
    cwd: cluster,
    env: environment,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.unref()
  let failure: Error | undefined
  child.once('error', (error) => {
    failure = error
  })
  const outcome = () => failure ?? outcomeOf(child, cluster, folder, start)
  return { socketFolder: options.socketFolder, outcome }
}

function serverArguments(
  { cluster, account }: ClusterPlace,
  { socketFolder, durable }: LaunchOptions,
): string[] {
  const path = pathFromWithin(cluster, account)
  const socket = socketFolder === cluster ? path : socketFolder
  const settings = {
    listen_addresses: '',
    port,
    unix_socket_directories: `"${socket.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    max_connections: maxConnections,
    shared_buffers: '128MB',
    jit: 'off',
    fsync: durable ? 'on' : 'off',
    synchronous_commit: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Starts, stops and crashes. Errors of statements go to those who sent them.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    // Means nothing to PostgreSQL: it is what `isRunning` and people find in the list of processes.
    'colophon.cluster': cluster,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['-D', path, ...flags]
}

const lockedOut =
  /lock file .*(already exists|is empty|No such file or directory)|pre-existing shared memory block/

function outcomeOf(
  child: ChildProcess,
  cluster: string,
  folder: string,
  start: number,
): ReturnType<Launch['outcome']> {
  if (child.exitCode === null && child.signalCode === null) return undefined
  if (child.exitCode === 0 || child.signalCode === 'SIGKILL') return 'stopped'
  const output = readFileSync(logPath(folder)).subarray(start).toString()
  const own = output.split('\n').filter((line) => line.includes(`[${child.pid}]`))
  // Another was started at the same time, or what a crashed one left behind is still ending.
  if (own.some((line) => lockedOut.test(line))) return 'locked out'
  const reason = lastReason(output) ?? `it ended with ${child.signalCode ?? child.exitCode}`
  return new Error(`PostgreSQL did not start in ${cluster}: ${reason} (see ${logPath(folder)})`)
}

function logPath(folder: string): string {
  return join(folder, 'postgres.log')
}

const longestLog = 1_000_000

/** Opens the log to append to. One that has grown long becomes `postgres.log.1`. */
function openLog(folder: string): number {
  const path = logPath(folder)
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > longestLog) renameSync(path, `${path}.1`)
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants
  const log = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
  if (weAreRoot()) {
    const { uid, gid } = statSync(folder)
    fchownSync(log, uid, gid)
  }
  return log
}

const stopTimeout = 60_000

/**
 * Stops PostgreSQL: open transactions are rolled back, connections closed, everything written.
 * @throws Error when it has not ended within a minute.
 */
export async function stopServer({ cluster, account }: ClusterPlace): Promise<void> {
  const postmaster = readPostmaster(cluster)
  if (!postmaster || !isRunning(cluster, postmaster.pid)) return
  // pg_ctl's own waiting would take a successor started at once for the one that is to stop.
  const args = ['stop', '-D', pathFromWithin(cluster, account), '-m', 'fast', '--no-wait']
  await run(program(binariesFor(account), 'pg_ctl'), args, {
    account,
    workingFolder: cluster,
    timeout: 10_000,
  })
  const end = Date.now() + stopTimeout
  while (readPostmaster(cluster)?.pid === postmaster.pid && isRunning(cluster, postmaster.pid)) {
    if (Date.now() > end)
      throw new Error(`PostgreSQL in ${cluster} has not stopped after ${stopTimeout / 1000} s`)
    await delay(10)
  }
  removeSocketFolder(postmaster.socketFolder, cluster)
}
