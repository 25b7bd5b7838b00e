import { literals } from '@colophon/catalog'
import { nullable } from '@colophon/http'
import Type, { type Static } from 'typebox'

const Issue = Type.Object(
  {
    line: Type.Integer({ minimum: 1, description: 'Where the row begins, as an editor counts' }),
    column: nullable(
      Type.String({ description: "The column's name in the file; null for the row as a whole" }),
    ),
    code: Type.String({ examples: ['isbn_unknown'] }),
    value: nullable(Type.String({ description: 'What stands there' })),
    message: Type.String({ description: 'For people' }),
    severity: literals(['warning', 'refused'], { description: 'Whether the row was booked all the same' }),
  },
  { title: 'GoodsInIssue', additionalProperties: false },
)

const rows = (description: string) => Type.Integer({ minimum: 0, description })

/** What became of a delivery. */
export const GoodsInReport = Type.Object(
  {
    document: Type.String(),
    dryRun: Type.Boolean({ description: 'Nothing was changed' }),
    repeated: Type.Boolean({ description: 'The document came before' }),
    counts: Type.Object({
      read: rows('Rows that are not blank: the sum of the others'),
      booked: rows('Booked now'),
      unchanged: rows('Booked when the document came before'),
      refused: rows('Not booked'),
    }),
    copies: Type.Integer({ minimum: 0, description: 'Booked now' }),
    prices: Type.Integer({ minimum: 0, description: 'Books whose selling price the catalogue is told' }),
    ignored: Type.Array(Type.String(), { description: 'Columns that were not read' }),
    issues: Type.Array(Issue, { description: 'What is wrong with rows, in the order of the file' }),
  },
  { title: 'GoodsInReport', additionalProperties: false },
)
export type GoodsInReport = Static<typeof GoodsInReport>
