import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { isUnavailable } from '../errors.ts'
import { lockKeys } from '../lock-keys.ts'
import { type Reached, type ReachOptions, reach } from './reach.ts'
import { stopServer } from './server.ts'

// Everybody who uses the cluster holds one lock, shared, on a connection of its own, for as long as it is
// there; a killed process's connection ends with it. Who leaves and can have the lock for itself is the last.
const attached = lockKeys('attached', '')

/** How often PostgreSQL may be stopped or die between our connecting and our having the lock. */
const attempts = 20

/** Somebody else holds the exclusive lock asked for. */
export class HeldError extends Error {
  override readonly name = 'HeldError'
}

/**
 * Connects, starting PostgreSQL if need be, and takes the shared lock and the exclusive one if asked for.
 * `previous` is the socket's folder of an earlier membership.
 * @throws HeldError; the reason of the signal when that has come.
 */
export async function enter(options: ReachOptions, exclusive?: string, previous?: string): Promise<Reached> {
  const { signal } = options
  for (let attempt = 1; ; attempt++) {
    const reached = await reach(options, previous)
    const giveUp = () => void reached.client.end()
    signal?.addEventListener('abort', giveUp)
    try {
      signal?.throwIfAborted()
      // Waits while the last of the others is stopping PostgreSQL, which ends this connection too.
      await reached.client.query('SELECT pg_advisory_lock_shared($1, $2)', attached)
      if (exclusive !== undefined) await takeExclusive(reached, exclusive)
      return reached
    } catch (error) {
      if (error instanceof HeldError) await leave(reached)
      else await reached.client.end()
      signal?.throwIfAborted()
      if (!isLost(error) || attempt === attempts) throw error
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
  }
}

/** Gives up the locks; stops PostgreSQL when nobody else is there. */
export async function leave({ client, place }: Reached): Promise<void> {
  try {
    await client.query('SELECT pg_advisory_unlock_shared($1, $2)', attached)
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1, $2) AS alone', attached)
    if (rows[0]?.alone === true) await stopServer(place)
  } finally {
    await client.end()
  }
}

/** Milliseconds: the connection of a process that was killed is noticed to have ended within this. */
const ghostTime = 500

async function takeExclusive({ client, place }: Reached, name: string): Promise<void> {
  const keys = lockKeys('exclusive', name)
  for (const end = Date.now() + ghostTime; ; await delay(50)) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1, $2) AS taken', keys)
    if (rows[0]?.taken === true) return
    const holder = await holderOf(client, keys)
    if (holder === undefined || Date.now() < end) continue
    throw new HeldError(
      `the data folder ${place.folder} is held by ${holder}: stop that first, or use another data folder`,
    )
  }
}

async function holderOf(client: pg.Client, keys: [number, number]): Promise<string | undefined> {
  const { rows } = await client.query(
    `SELECT activity.application_name AS application
       FROM pg_locks AS lock JOIN pg_stat_activity AS activity USING (pid)
      WHERE lock.locktype = 'advisory' AND lock.granted AND lock.objsubid = 2
        AND lock.classid = $1::int4::oid AND lock.objid = $2::int4::oid`,
    keys,
  )
  return rows[0]?.application
}

function isLost(error: unknown): boolean {
  return (
    isUnavailable(error) ||
    (error instanceof Error && /^Connection terminated|not queryable$/.test(error.message))
  )
}
