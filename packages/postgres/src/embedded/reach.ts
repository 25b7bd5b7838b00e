import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { describeError, isUnavailable } from '../errors.ts'
import type { Log } from '../log.ts'
import { type SocketTarget, sessionConfig } from '../target.ts'
import { removeDeadAttempts } from './attempts.ts'
import { type Binaries, binariesFor } from './binaries.ts'
import { createCluster, role, writeIdentities } from './cluster.ts'
import { checkCluster, findPlace } from './place.ts'
import { isRunning, readPostmaster, removeStaleLockFiles } from './postmaster.ts'
import { type ClusterPlace, type Launch, launch } from './server.ts'
import { isPrivate, port, socketFolder } from './socket.ts'

export interface ReachOptions {
  /** The data folder. */
  folder: string
  /** Shown in `pg_stat_activity` for the connection that is made. */
  application: string
  durable: boolean
  serviceAccounts?: string[]
  /** Gives it up. */
  signal?: AbortSignal
  log?: Log
}

export interface Reached {
  client: pg.Client
  /** Settled when the client's connection has ended, by whomever. */
  ended: Promise<void>
  place: ClusterPlace
  target: SocketTarget
}

/** Milliseconds to keep trying, and while PostgreSQL says that it is starting (recovering) or stopping. */
const patience = 60_000
const recoveryPatience = 30 * 60_000
const pause = 20
/** Milliseconds for a statement of ours, such as taking a lock. */
const statementTimeout = 30_000
/** Milliseconds between launches where something that is ending is in the way. */
const lockedOutPause = 200

/**
 * Connects to the PostgreSQL of a data folder; makes the cluster and starts the server where that is needed.
 * `previous` is the socket's folder that an earlier call found.
 */
export async function reach(options: ReachOptions, previous?: string): Promise<Reached> {
  options.signal?.throwIfAborted()
  const place = await findCluster(options, previous)
  const begun = Date.now()
  let launched: Launch | undefined
  let said = false
  for (;;) {
    options.signal?.throwIfAborted()
    const { connected, error, recovering } = await tryConnect(place, options)
    if (connected) return connected
    if (Date.now() - begun > (recovering ? recoveryPatience : patience)) throw notReached(place, error)
    if (recovering && !said && Date.now() - begun > 3_000) {
      said = true
      options.log?.info({ folder: place.folder }, 'waiting for PostgreSQL to recover')
    }
    const outcome = launched?.outcome()
    if (outcome instanceof Error) throw outcome
    if (launched && outcome === 'locked out') {
      await delay(lockedOutPause)
      removeStaleLockFiles(place.cluster, launched.socketFolder)
    }
    if (outcome !== undefined) launched = undefined
    launched ??= launchIfNone(place, options, previous)
    await delay(pause)
  }
}

async function findCluster(options: ReachOptions, previous?: string): Promise<ClusterPlace> {
  const entry = join(options.folder, 'postgres')
  // Those who were using it must not find another in its place, which is empty.
  if (previous !== undefined && !existsSync(entry)) throw new Error(`${entry} has been removed`)
  let place = findPlace(options.folder, options.serviceAccounts)
  const binaries = (): Binaries => binariesFor(place.account)
  if (place.cluster === undefined) {
    await createCluster(place, binaries(), options.durable, options.log)
    place = findPlace(options.folder, options.serviceAccounts)
  }
  const { cluster } = place
  if (cluster === undefined)
    throw new Error(`${place.entry} was removed while it was being made: start again`)
  return { ...place, cluster }
}

function launchIfNone(place: ClusterPlace, options: ReachOptions, previous?: string): Launch | undefined {
  const { cluster, account, folder } = place
  const postmaster = readPostmaster(cluster)
  if (postmaster && isRunning(cluster, postmaster.pid)) return undefined
  removeDeadAttempts(folder)
  const binaries = binariesFor(account)
  checkCluster(cluster, binaries.version)
  writeIdentities(cluster, folder)
  const socket = socketFolder(cluster, account, previous ?? postmaster?.socketFolder)
  options.log?.info({ folder }, 'starting PostgreSQL')
  return launch(place, binaries, { socketFolder: socket, durable: options.durable })
}

interface Tried {
  connected?: Reached
  error?: unknown
  /** It is starting, recovering or stopping. */
  recovering?: boolean
}

async function tryConnect(place: ClusterPlace, { application }: ReachOptions): Promise<Tried> {
  const { cluster, account } = place
  const postmaster = readPostmaster(cluster)
  if (!postmaster) return {}
  // Not before it is ready: each refusal is a line in its log.
  if (!postmaster.ready) return { recovering: isRunning(cluster, postmaster.pid) }
  const host = postmaster.socketFolder
  if (host !== cluster && !isPrivate(host, account)) return { error: new Error(`${host} is not private`) }
  const target = { host, port, user: role, database: role }
  const session = sessionConfig(target, { application, connectTimeout: 5_000, statementTimeout })
  // Not pipelined, as ending it then closes it even while a statement waits for a lock.
  const client = new pg.Client({ ...session, pipeline: false, query_timeout: statementTimeout + 5_000 })
  // From the beginning: it may break in the moment it is there.
  client.on('error', () => {
    // Its 'end' follows, and its statements fail.
  })
  const ended = new Promise<void>((resolve) => {
    client.once('end', resolve)
  })
  try {
    await client.connect()
    return { connected: { client, ended, place, target } }
  } catch (error) {
    const refused = error instanceof pg.DatabaseError || (error as NodeJS.ErrnoException).code === 'EACCES'
    // Anything else is a server that comes or goes.
    if (!refused || isUnavailable(error)) return { error }
    throw new Error(`PostgreSQL in ${cluster} does not let us in: ${describeError(error)}`, { cause: error })
  }
}

function notReached({ cluster, folder }: ClusterPlace, error: unknown): Error {
  const reason = error === undefined ? 'it did not start' : describeError(error)
  return new Error(`PostgreSQL in ${cluster} cannot be reached: ${reason} (see ${folder}/postgres.log)`, {
    cause: error,
  })
}
