import type { Queryable } from '@colophon/postgres'
import { changedGroups, changesBetween } from '../../books/changes.ts'
import { type HistoryEntry, recordHistory } from '../../books/history.ts'
import { type Claim, claimGroups } from '../../books/provenance.ts'
import type { PriceView } from '../../books/read-books.ts'
import { type Resolution, resolveNames } from '../../books/resolve-names.ts'
import { type BookWrite, storeBooks } from '../../books/store-books.ts'
import type { FeedBook } from '../feed-book.ts'
import { knownRecords, lockKnown } from './known.ts'
import { planBooks, type Refusal, type Step } from './plan.ts'

/** What became of a book of a feed. */
export type Outcome = 'inserted' | 'updated' | 'unchanged' | Refusal

export interface WriteOptions {
  source: string
  view: PriceView
  now: Date
  newId: () => string
}

/**
 * Brings the catalogue to what a source says of some books, in the caller's transaction: one outcome for
 * each. No two of them may have the same record id, or the same ISBN.
 * @throws the database's unique violation when another writer took an ISBN meanwhile
 */
export async function writeBatch(
  tx: Queryable,
  feed: readonly FeedBook[],
  options: WriteOptions,
): Promise<Outcome[]> {
  const records = await knownRecords(tx, options.source, feed)
  const news = feed.filter(({ recordId, hash }) => records.get(recordId)?.hash !== hash)
  if (news.length === 0) return feed.map(() => 'unchanged')
  const known = await lockKnown(tx, options.source, news, records, options.view)
  const steps = planBooks(news, known)
  const work = await carryOut(tx, steps, options)
  const outcomes = new Map(news.map((one, index) => [one, work[index]]))
  return feed.map((one) => outcomes.get(one) ?? 'unchanged')
}

/** What one step writes. */
interface Work {
  outcome: Outcome
  write?: BookWrite
  history?: HistoryEntry
  claim?: Claim
}

async function carryOut(tx: Queryable, steps: readonly Step[], options: WriteOptions): Promise<Outcome[]> {
  const drafted = steps.flatMap((step) => ('draft' in step ? [step] : []))
  const resolutions = await resolveNames(
    tx,
    drafted.map(({ draft }) => draft),
    options.newId,
  )
  const resolutionOf = new Map<Step, Resolution | undefined>(drafted.map((step, i) => [step, resolutions[i]]))
  const work = steps.map((step) => workOf(step, resolutionOf.get(step), options))
  const { now, view } = options
  await storeBooks(
    tx,
    work.flatMap(({ write }) => write ?? []),
    { now, currency: view.currency },
  )
  await claimGroups(
    tx,
    work.flatMap(({ claim }) => claim ?? []),
    now,
  )
  await recordHistory(
    tx,
    work.flatMap(({ history }) => history ?? []),
    now,
  )
  return work.map(({ outcome }) => outcome)
}

function workOf(step: Step, resolution: Resolution | undefined, { source, newId }: WriteOptions): Work {
  if (step.kind === 'refuse') return { outcome: step.refusal }
  if (step.kind === 'leave' || !resolution) return { outcome: 'unchanged' }
  if ('issues' in resolution)
    return { outcome: { code: 'not_stored', message: resolution.issues[0]?.message ?? '' } }
  const { resolved: draft } = resolution
  const { recordId, hash } = step.feed
  const id = step.kind === 'merge' ? step.book.id : newId()
  const claim = { source, recordId, bookId: id, ...step.claim, recordHash: hash }
  const entry = { bookId: id, actor: `import:${source}`, action: 'imported' } as const
  if (step.kind === 'insert') {
    const write = { id, version: 1, draft, changed: 'all' } as const
    return { outcome: 'inserted', write, claim, history: { ...entry, version: 1, changes: {} } }
  }
  const changes = changesBetween(step.book, draft)
  const changed = changedGroups(changes)
  if (changed.length === 0) return { outcome: 'unchanged', claim }
  const version = step.book.version + 1
  const write = { id, version, draft, changed }
  return { outcome: 'updated', write, claim, history: { ...entry, version, changes } }
}
