import { setImmediate as letOthersWork } from 'node:timers/promises'
import type { CsvRecord } from './csv/records.ts'
import { type FeedBook, type ReadRow, readRow } from './feed-book.ts'
import type { ImportIssue } from './issue.ts'
import type { Reading } from './layouts/index.ts'
import type { Shop } from './layouts/layout.ts'
import { Seen } from './seen.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Rows written in one transaction: enough to share its cost, few enough that its locks are short. */
const batchSize = 500

/** Rows read before others get their turn: the batch before is being stored meanwhile. */
const rowsAtATime = 25

/** Reads records as books, some at a time, and refuses those that the file has had before. */
export async function* batchesOf(
  records: AsyncIterable<CsvRecord[]>,
  reading: Reading,
  shop: Shop,
): AsyncGenerator<ReadRow[]> {
  const seen = new Seen()
  let batch: ReadRow[] = []
  for await (const some of records) {
    for (const record of some) {
      batch.push(withoutRepeats(readRow(record, reading, shop), seen))
      if (batch.length % rowsAtATime === 0) await letOthersWork()
      if (batch.length < batchSize) continue
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

function withoutRepeats(row: ReadRow, seen: Seen): ReadRow {
  const { book: candidate, ...rest } = row
  if (!candidate) return row
  const repeated = repetitionOf(candidate, seen)
  return repeated ? { ...rest, issues: [...row.issues, repeated] } : row
}

/** Says in which earlier line the same record or ISBN was; remembers these when there is none. */
function repetitionOf({ line, recordId, fields }: FeedBook, seen: Seen): ImportIssue | undefined {
  const keys = [`record ${recordId}`, ...(fields.isbn13 ? [`isbn ${fields.isbn13}`] : [])]
  const [record, isbn] = keys.map((key) => seen.lineOf(key))
  const refused = { line, column: null, severity: 'refused' } as const
  if (record !== undefined) {
    const message = `line ${record} has the same record already`
    return { ...refused, code: 'duplicate_record', value: recordId, message }
  }
  if (isbn !== undefined) {
    const message = `line ${isbn} has the same ISBN in another record`
    return { ...refused, code: 'isbn_taken', value: fields.isbn13 ?? null, message }
  }
  for (const key of keys) seen.add(key, line)
  return undefined
}

/**
 * The items in their order, one of them being made while the one before is worked on. Ends early when the
 * signal does, without waiting for the item that is being made.
 */
export async function* ahead<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  const begin = (): Promise<IteratorResult<T>> => {
    const next = iterator.next()
    next.catch(() => {
      // Reported when its turn comes, unless the end comes before.
    })
    return next
  }
  for (let next = begin(); ; ) {
    const item = await unlessAborted(next, signal)
    if (!item || item.done) return
    next = begin()
    yield item.value
  }
}
