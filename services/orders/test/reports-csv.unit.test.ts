import { expect, it } from 'vitest'
import { reportNamed } from '../src/reports/all-reports.ts'
import { reportCsv } from '../src/reports/csv.ts'
import { reportsMail } from '../src/reports/mail-reports.ts'
import type { Cell } from '../src/reports/report.ts'
import type { KeptReport } from '../src/reports/schemas.ts'

const cell = (text: Cell) => reportCsv({ columns: [{ name: 'x', type: 'text' }], rows: [[text]] })

it.each([
  ['=1+1', "'=1+1"],
  ['+49 30', "'+49 30"],
  ['-2', "'-2"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['\n=1', '"\'\n=1"'],
  ['＝1', "'＝1"],
  ['a=1', 'a=1'],
  ['"quoted", twice', '"""quoted"", twice"'],
  [null, ''],
  [-2, '-2'],
])('%j is written as %j', (text, written) => {
  expect(cell(text)).toBe(`x\r\n${written}\r\n`)
})

it.each([
  ['EUR', 1299, '12.99'],
  ['EUR', -5, '-0.05'],
  ['EUR', 0, '0.00'],
  ['JPY', 1299, '1299'],
  ['JPY', -1299, '-1299'],
  ['KWD', 1299, '1.299'],
  [null, 1299, '12.99'],
])('money in %s: %d is %s', (currency, amount, written) => {
  const columns = [
    { name: 'currency', type: 'text' },
    { name: 'gross', type: 'money' },
  ] as const
  expect(reportCsv({ columns: [...columns], rows: [[currency, amount]] })).toBe(
    `currency,gross\r\n${currency ?? ''},${written}\r\n`,
  )
})

it('a mail tells of what was cut, and of what is gone', () => {
  const report: KeptReport = {
    id: '018f0000-0000-7000-8000-000000000001',
    name: 'stock-to-reorder',
    day: '2026-05-31',
    status: 'done',
    error: null,
    rowCount: 10_000,
    isCut: true,
    createdAt: '2026-06-01T02:15:00.000Z',
    finishedAt: '2026-06-01T02:15:00.000Z',
    columns: [],
    rows: [],
  }
  const outcomes = ['stock-to-reorder', 'sales-by-day', 'of another version'].map((name) => ({
    name,
    day: '2026-05-31',
    error: null,
  }))
  const kept = new Map([[report.name, report]])
  const owes = { id: 'r-1', number: 100_001, amount: 1494, currency: 'EUR', refusal: 'too\nold' }
  const none = reportsMail('a@example.com', '2026-05-31', outcomes, kept, { told: [], count: 0 })
  expect(none).toMatchObject({ subject: 'Reports of 2026-05-31', text: expect.not.stringContaining('owed') })
  const { text } = reportsMail('a@example.com', '2026-05-31', outcomes, kept, { told: [owes], count: 3 })
  expect(text).toContain('still owed:\nOrder 100001: €14.94 (too old), refund r-1\nand 2 more\n\n')
  expect(text).toContain('Stock to reorder: the first 10000 rows, there are more\n')
  expect(text).toContain('Sales of the 7 days up to this one: is not there\n')
})

it('a report that nobody has made up is refused by name', () => {
  expect(() => reportNamed('profit')).toThrow('there is no report profit: they are sales-by-day, ')
})
