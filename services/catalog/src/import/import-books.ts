import type { CatalogDeps } from '../deps.ts'
import { ImportError } from './import-error.ts'
import type { ImportIssue } from './issue.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { Feed } from './open-feed.ts'
import { type OpenedTable, openTable } from './open-table.ts'
import type { ImportProgress, ImportReport } from './report.ts'
import { sourceOf } from './source.ts'
import { storeAll } from './store-all.ts'
import { Tally } from './tally.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface ImportOptions {
  feed: Feed
  /** Whose the records are; after the layout, or the file's name, when absent. */
  source?: string | undefined
  /** The names of the file's columns, `-` for one to leave out, when it has no header. */
  columns?: readonly string[] | undefined
  /** The text's encoding, a label of the Encoding Standard (`shift_jis`), where there is no byte order mark. */
  encoding?: string | undefined
  /** Does all of it and keeps nothing. */
  dryRun?: boolean | undefined
  /** Stops behind the batch that is being stored; what was stored stays. */
  signal?: AbortSignal | undefined
  /** Called at most ten times a second, and in the end. */
  onProgress?: ((progress: ImportProgress) => void) | undefined
  /** Called for every warning and every row refused, in the order of the file. */
  onIssue?: ((issue: ImportIssue) => void) | undefined
}

/**
 * Imports a table of books into the catalogue, by batches in a transaction each and in memory that does not
 * grow with the file. Books that the catalogue has are brought to what the file says; what staff wrote stays,
 * and what staff deleted stays deleted. The same file again changes nothing, and one that was interrupted is
 * completed by importing it again.
 * @throws ImportError when it cannot begin or not go on: its message is one line for people; RangeError when there
 * is no such encoding
 */
export async function importBooks(deps: CatalogDeps, options: ImportOptions): Promise<ImportReport> {
  const began = performance.now()
  const { feed } = options
  const read = { bytes: 0 }
  try {
    const signal = options.signal ?? new AbortController().signal
    const opening = openTable(counted(feed.bytes, read), options.columns, options.encoding)
    const table = await unlessAborted(opening, signal)
    if (!table) throw new ImportError('import_interrupted', 'stopped before the first row was read')
    const source = sourceOf(options.source, table.reading.layout, feed.name)
    const dryRun = options.dryRun ?? false
    const tally = new Tally(options.onIssue ?? (() => {}))
    const progress = throttled(options.onProgress, () => ({
      ...tally.counts,
      bytesRead: read.bytes,
      ...(feed.size !== undefined && { bytesTotal: feed.size }),
    }))
    const stopped = await oneAtATime(deps.database, (lost) =>
      storeAll(deps, table, { source, dryRun, signal, lost, tally, progress: progress.tick }),
    )
    progress.last()
    const seconds = (performance.now() - began) / 1000
    return { source, dryRun, stopped, seconds, ...describe(table), ...tally.figures() }
  } finally {
    feed.close()
  }
}

/** What the report says of the file itself. */
function describe({ encoding, bom, separator, windows, reading }: OpenedTable) {
  return {
    layout: reading.layout.name,
    encoding: { name: encoding, bom, windowsLines: windows.count },
    separator,
    header: { isInFile: reading.isHeader, columns: reading.found, ignored: reading.ignored },
  }
}

/** Milliseconds between two reports of progress. */
const progressEvery = 100

function throttled<T>(report: ((value: T) => void) | undefined, value: () => T) {
  let reported = Number.NEGATIVE_INFINITY
  return {
    tick() {
      if (performance.now() - reported < progressEvery) return
      reported = performance.now()
      report?.(value())
    },
    last: () => report?.(value()),
  }
}

/** Bytes read at a time: a body that comes whole is cut, so that it is not parsed whole. */
const largestChunk = 65_536

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  read: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += largestChunk) {
      const part = chunk.subarray(at, at + largestChunk)
      read.bytes += part.length
      yield part
    }
  }
}
