import { DatabaseError, sqlState } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import { ahead, batchesOf } from './batches.ts'
import type { ReadRow } from './feed-book.ts'
import { priceParser } from './fields/price.ts'
import { ImportError } from './import-error.ts'
import type { OpenedTable } from './open-table.ts'
import type { Tally } from './tally.ts'
import { type BatchOptions, storeBatch } from './write/store-batch.ts'

export interface StoreAllOptions extends BatchOptions {
  /** Ends it early. */
  signal: AbortSignal
  /** Ends it with an error: it is no longer sure that no other import runs. */
  lost: AbortSignal
  tally: Tally
  /** Called behind every batch. */
  progress: () => void
}

/**
 * Stores the books of a table batch by batch, reading the next one meanwhile.
 * @returns whether it was stopped before the end
 */
export async function storeAll(
  deps: CatalogDeps,
  table: OpenedTable,
  options: StoreAllOptions,
): Promise<boolean> {
  const { signal, lost, tally, progress } = options
  const shop = { currency: deps.currency, price: priceParser(deps.currency) }
  const batches = batchesOf(table.records, table.reading, shop)
  let line = 0
  try {
    for await (const batch of ahead(batches, AbortSignal.any([signal, lost]))) {
      await storeAndCount(deps, batch, options)
      line = batch.at(-1)?.line ?? line
      progress()
    }
    lost.throwIfAborted()
  } catch (error) {
    throw interrupted(error, line)
  }
  if (signal.aborted) return true
  if (tally.counts.read === 0)
    throw new ImportError('file_without_books', 'the file has a header and no books')
  noteWindowsLines(table, tally)
  return false
}

async function storeAndCount(
  deps: CatalogDeps,
  batch: readonly ReadRow[],
  options: StoreAllOptions,
): Promise<void> {
  const books = batch.flatMap(({ book }) => book ?? [])
  const outcomes = books.length > 0 ? await storeBatch(deps, books, options) : []
  const outcomeOf = new Map(books.map((book, index) => [book, outcomes[index]]))
  for (const row of batch) options.tally.add(row, row.book && outcomeOf.get(row.book))
}

function noteWindowsLines({ windows }: OpenedTable, tally: Tally): void {
  if (windows.count === 0) return
  const message =
    windows.count === 1
      ? '1 line is not UTF-8 and was read as Windows-1252'
      : `${windows.count} lines are not UTF-8 and were read as Windows-1252, this one first`
  tally.addIssue({
    line: windows.first,
    column: null,
    code: 'not_utf8',
    value: null,
    message,
    severity: 'warning',
  })
}

/** What the database's failure means for an import; other errors stay what they are. */
function interrupted(error: unknown, line: number): unknown {
  if (!(error instanceof DatabaseError) && sqlState(error) === undefined) return error
  const reason = error instanceof Error ? error.message : String(error)
  const rest = 'what was stored stays; import the file again for the rest'
  const message = `the import ended behind line ${line} (${reason}): ${rest}`
  return new ImportError('import_interrupted', message, { cause: error })
}
