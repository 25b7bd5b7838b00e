import { type Database, lockKeys, sql } from '@colophon/postgres'
import { ImportError } from './import-error.ts'

/** Well below the minute after which an idle transaction is closed. */
const keepAliveMs = 15_000

const [kind, name] = lockKeys('catalog import', '')

/**
 * Runs an import unless another runs in the same shop. The lock is a transaction's that is kept open
 * meanwhile, so that it goes with its process, however that ends; while it waits it holds nothing else back.
 * @param work is told when the lock is lost, which is to end it
 * @throws ImportError import_running
 */
export async function oneAtATime<T>(database: Database, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
  const lost = new AbortController()
  let finished: { result: T } | undefined
  const locked = database.transaction(
    async (tx) => {
      const { free } = await tx.one<{ free: boolean }>(
        sql`select pg_try_advisory_xact_lock(${kind}, ${name}) as free`,
      )
      if (!free) {
        throw new ImportError(
          'import_running',
          'another import is running in this shop: wait until it has ended',
        )
      }
      const timer = setInterval(() => {
        tx.query(sql`select 1`).catch((error: unknown) => lost.abort(error))
      }, keepAliveMs)
      try {
        finished = { result: await work(lost.signal) }
      } finally {
        clearInterval(timer)
      }
    },
    { readOnly: true },
  )
  try {
    await locked
  } catch (error) {
    // When the work is done, what becomes of the lock's own transaction no longer matters.
    if (!finished) throw error
  }
  if (!finished) throw new Error('the import ended without a result')
  return finished.result
}
