import { isUniqueViolation, sqlState, type Transaction } from '@colophon/postgres'
import { type CatalogDeps, priceView } from '../../deps.ts'
import type { FeedBook } from '../feed-book.ts'
import type { Refusal } from './plan.ts'
import { type Outcome, type WriteOptions, writeBatch } from './write-batch.ts'

export interface BatchOptions {
  source: string
  /** Roll everything back in the end. */
  dryRun: boolean
}

/**
 * Stores a batch in one transaction, all of it or nothing. Where another writer came between, it is tried
 * again. Where the database refuses it nevertheless, it is divided until the books that cannot be stored are
 * alone.
 */
export async function storeBatch(
  deps: CatalogDeps,
  feed: readonly FeedBook[],
  options: BatchOptions,
): Promise<Outcome[]> {
  try {
    return await attempt(deps, feed, options)
  } catch (error) {
    if (!isUniqueViolation(error)) return divide(deps, feed, options, error)
  }
  try {
    return await attempt(deps, feed, options)
  } catch (error) {
    return divide(deps, feed, options, error)
  }
}

async function divide(
  deps: CatalogDeps,
  feed: readonly FeedBook[],
  options: BatchOptions,
  error: unknown,
): Promise<Outcome[]> {
  const refusal = refusalOf(error)
  if (!refusal) throw error
  if (feed.length === 1) return [refusal]
  const half = Math.ceil(feed.length / 2)
  const first = await storeBatch(deps, feed.slice(0, half), options)
  return [...first, ...(await storeBatch(deps, feed.slice(half), options))]
}

/** Data that cannot be stored (classes 22, 23 and 54 of SQLSTATE), or a conflict that went on and on (40). */
function refusalOf(error: unknown): Refusal | undefined {
  if (!['22', '23', '40', '54'].includes(sqlState(error)?.slice(0, 2) ?? '')) return undefined
  if (isUniqueViolation(error, 'identifiers_pkey')) {
    return { code: 'isbn_taken', message: 'another book was given its ISBN at the same moment' }
  }
  const reason = error instanceof Error ? error.message : String(error)
  return { code: 'not_stored', message: `the database refused it: ${reason}` }
}

/** Carries the outcomes of a dry run out of the transaction that is rolled back. */
class DryRun extends Error {
  readonly outcomes: Outcome[]

  constructor(outcomes: Outcome[]) {
    super('rolled back, as it was a dry run')
    this.outcomes = outcomes
  }
}

async function attempt(
  deps: CatalogDeps,
  feed: readonly FeedBook[],
  { source, dryRun }: BatchOptions,
): Promise<Outcome[]> {
  const write = async (tx: Transaction): Promise<Outcome[]> => {
    const options: WriteOptions = { source, view: priceView(deps), now: deps.now(), newId: deps.newId }
    const outcomes = await writeBatch(tx, feed, options)
    if (dryRun) throw new DryRun(outcomes)
    return outcomes
  }
  try {
    return await deps.database.transaction(write, { retry: true })
  } catch (error) {
    if (error instanceof DryRun) return error.outcomes
    throw error
  }
}
