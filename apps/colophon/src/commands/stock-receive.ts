import { openFeed } from '@colophon/catalog'
import { type GoodsInReport, receiveGoods } from '@colophon/orders'
import { exitCodes, print } from '../io.ts'
import { counted, n } from './import-counts.ts'
import { createIssueWriter } from './import-issues.ts'
import type { CommandContext, Output } from './options.ts'
import { withShop } from './with-shop.ts'

export interface ReceiveOptions extends Output {
  document: string
  dryRun: boolean
  verbose: boolean
}

/** `colophon stock receive`. @returns the exit code: 3 when rows were refused */
export async function receive(
  context: CommandContext,
  path: string,
  options: ReceiveOptions,
): Promise<number> {
  const { io } = context
  const feed = await openFeed(path, io.stdin)
  const { document, dryRun } = options
  const run = withShop(context, { command: 'stock receive', migrates: !dryRun }, async ({ orders }) => {
    const report = await receiveGoods(orders.deps, {
      file: feed.bytes,
      document,
      dryRun,
      actor: 'command',
    })
    const issues = createIssueWriter(io, feed.name, options)
    for (const issue of report.issues) issues.write(issue)
    issues.end()
    print(io, options.json ? JSON.stringify(report) : summaryOf(report, feed.name))
    return report.counts.refused > 0 ? exitCodes.refusedRows : exitCodes.done
  })
  return run.finally(() => feed.close())
}

function summaryOf(
  { document, counts, copies, prices, ignored, ...report }: GoodsInReport,
  file: string,
): string {
  const { read, booked, unchanged, refused } = counts
  const isSame = report.repeated && booked === 0
  const lines = [
    `${file}: document ${document}${isSame ? ' was booked before: nothing was changed' : ''}`,
    ...(ignored.length > 0 ? [`  columns not used: ${ignored.join(', ')}`] : []),
    `  ${counted(read, 'row')} read = ${n(booked)} booked + ${n(unchanged)} booked before + ${n(refused)} refused; ${copies === 1 ? '1 copy' : `${n(copies)} copies`}`,
    ...(prices > 0 ? [`  ${counted(prices, 'selling price')} to be set`] : []),
    ...(report.dryRun ? ['  dry run: nothing was changed'] : []),
  ]
  return lines.join('\n')
}
