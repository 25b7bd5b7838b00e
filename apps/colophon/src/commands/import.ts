import { openFeed } from '@colophon/catalog'
import { type Command, InvalidArgumentError } from 'commander'
import { exitCodes, print } from '../io.ts'
import { createIssueWriter } from './import-issues.ts'
import { createProgressWriter } from './import-progress.ts'
import { summaryOf } from './import-summary.ts'
import { type CommandContext, example, jsonOption, type Output } from './options.ts'
import { withShop } from './with-shop.ts'

/** `colophon import`. */
export function addImport(program: Command, context: CommandContext): void {
  program
    .command('import')
    .description('bring a catalogue feed (CSV) into the shop')
    .argument('<file>', 'the file, or - for standard input')
    .option('--dry-run', 'say what would happen and change nothing', false)
    .option('--source <name>', 'whose feed it is; records are recognised again by it')
    .option('--columns <names>', 'the columns of a file without a header, by commas; - skips one', names)
    .option('--encoding <name>', 'how its text is encoded, as shift_jis, when it is not found', encoding)
    .option('--verbose', 'write every warning, not only the first of each kind', false)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${example('colophon import books.csv --dry-run', 'zcat feed.csv.gz | colophon import - --source wholesaler')}

Rows that cannot be read are reported with line, column, code and value, and stop nothing; then the exit code is 3.
What columns are known: docs/import.md`,
    )
    .action(async (file: string, options: ImportOptions) =>
      context.end(await importFeed(context, file, options)),
    )
}

interface ImportOptions extends Output {
  dryRun: boolean
  source?: string
  columns?: string[]
  encoding?: string
  verbose: boolean
}

/** @returns the exit code: 3 when rows were refused */
async function importFeed(context: CommandContext, path: string, options: ImportOptions): Promise<number> {
  const { io } = context
  const feed = await openFeed(path, io.stdin)
  const { dryRun } = options
  const use = { command: 'import', makes: !dryRun, migrates: !dryRun }
  const run = withShop(context, use, async ({ catalog }) => {
    const progress = createProgressWriter(io, () => performance.now())
    const issues = createIssueWriter(io, feed.name, options, progress)
    const report = await catalog.importBooks({
      feed,
      source: options.source,
      columns: options.columns,
      encoding: options.encoding,
      dryRun,
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
  return run.finally(() => feed.close())
}

/** A label that TextDecoder takes: https://encoding.spec.whatwg.org/#names-and-labels */
function encoding(label: string): string {
  try {
    return new TextDecoder(label).encoding
  } catch {
    // Its own error says less: what there is instead.
    const some = 'utf-8, utf-16le, windows-1250, windows-1251, iso-8859-2, shift_jis, gbk, big5, euc-kr'
    throw new InvalidArgumentError(`No encoding has that name; some are ${some}.`)
  }
}

function names(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}
