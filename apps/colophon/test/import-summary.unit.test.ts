import type { ImportReport } from '@colophon/catalog'
import { expect, it } from 'vitest'
import { summaryOf } from '../src/commands/import-summary.ts'

function reportOf(rows: number): ImportReport {
  const isbn = { valid: rows, repaired: 0, destroyed: 0, missing: 0, invalid: 0 }
  return {
    source: 'shop',
    layout: 'plain',
    dryRun: false,
    stopped: false,
    encoding: { name: 'UTF-8', bom: false, windowsLines: rows },
    separator: ',',
    header: { isInFile: true, columns: ['isbn', 'title'], ignored: [] },
    counts: { read: rows, inserted: rows, updated: 0, unchanged: 0, refused: 0 },
    isbn,
    isbnColumns: { isbn },
    warnings: {},
    refusals: {},
    seconds: 1,
  }
}

it('a summary speaks of one row and one line as of one', () => {
  const one = summaryOf(reportOf(1), 'shop.csv')
  expect(one).toContain('  1 row read = 1 inserted')
  expect(one).toContain('  1 line is not UTF-8, read as Windows-1252')
  const many = summaryOf(reportOf(2_000), 'shop.csv')
  expect(many).toContain('  2,000 rows read = 2,000 inserted')
  expect(many).toContain('  2,000 lines are not UTF-8, read as Windows-1252')
})
