import { Readable } from 'node:stream'
import { openFeed } from '@colophon/catalog'
import { exitCodes, type Io, print } from '../io.ts'
import type { Config } from '../settings.ts'
import { createIssueWriter } from './import-issues.ts'
import { createProgressWriter } from './import-progress.ts'
import { summaryOf } from './import-summary.ts'
import { withShop } from './with-shop.ts'

export interface ImportOptions {
  dryRun: boolean
  source?: string
  columns?: string[]
  verbose: boolean
  json: boolean
}

/** Brings a feed into the catalogue. @returns the exit code: 3 when rows were refused */
export async function importCommand(
  config: Config,
  io: Io,
  path: string,
  options: ImportOptions,
): Promise<number> {
  const feed = await openFeed(path, Readable.from(io.stdin))
  return withShop(config, io, 'import', async ({ catalog }) => {
    const progress = createProgressWriter(io, () => performance.now())
    const issues = createIssueWriter(io, feed.name, options, progress)
    const report = await catalog.importBooks({
      feed,
      source: options.source,
      columns: options.columns,
      dryRun: options.dryRun,
      signal: io.interrupted,
      onProgress: progress.show,
      onIssue: issues.write,
    })
    progress.end()
    issues.end()
    print(io, options.json ? JSON.stringify(report) : summaryOf(report, feed.name))
    if (report.stopped) return exitCodes.failed
    return report.counts.refused > 0 ? exitCodes.refusedRows : exitCodes.done
  })
}
