import { literals } from '@colophon/catalog'
import { day, nullable, timestamp, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'
import { reportNames } from './all-reports.ts'
import type { Cell } from './report.ts'

export const ReportName = literals(reportNames, { description: 'Which report' })

/** A report that was made, without its rows. */
export const ReportSummary = Type.Object(
  {
    id: uuid(),
    name: ReportName,
    day: day({ description: 'What it is about: for stock the day on which it was made; in UTC' }),
    status: literals(['done', 'failed'], { description: 'Whether it could be made' }),
    error: nullable(Type.String({ description: 'Why it failed' })),
    rowCount: Type.Integer({ minimum: 0 }),
    isCut: Type.Boolean({ description: 'Whether there were more rows than are kept' }),
    createdAt: timestamp({ description: 'First made' }),
    finishedAt: timestamp({ description: 'Last made: a report that is made again replaces the one before' }),
  },
  { title: 'ReportSummary', additionalProperties: false },
)
export type ReportSummary = Static<typeof ReportSummary>

/** A report with its rows. */
export const KeptReport = Type.Object(
  {
    ...ReportSummary.properties,
    columns: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          type: literals(['text', 'count', 'money', 'day'], {
            description: 'money is in minor units of the currency in the column `currency`',
          }),
        },
        { additionalProperties: false },
      ),
    ),
    rows: Type.Array(Type.Array(Type.Unsafe<Cell>({ type: ['string', 'number', 'null'] })), {
      description: 'The cells of each row, in the order of the columns',
    }),
  },
  { title: 'Report', additionalProperties: false },
)
export type KeptReport = Static<typeof KeptReport>
