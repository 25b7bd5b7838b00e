import { Readable } from 'node:stream'
import { type App, line } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { documentLength, receiveGoods } from '../stock/goods-in/receive-goods.ts'
import { GoodsInReport } from '../stock/goods-in/report.ts'
import { staff } from './shared/access.ts'

/** Room for the most rows of a delivery with titles beside the numbers. */
const bodyLimit = 4_194_304

/** Rows' problems in an answer; the counts are of all. */
const mostIssues = 1_000

const Query = Type.Object({
  document: line({
    maxLength: documentLength,
    description: "The delivery note's number: sent again, it changes nothing",
  }),
  dryRun: Type.Boolean({ default: false, description: 'Say what would happen, and change nothing' }),
})

const Body = Type.Unsafe<Buffer>({
  type: 'string',
  description:
    'A table whose first line names the columns isbn and quantity, and may name cost (what a copy costs the shop), ' +
    'price (what the book is sold for from then on, with tax) and currency; others are left out. Commas, semicolons or tabs; at most 10,000 rows.',
  examples: ['isbn,quantity,cost,price\n978-0-439-02348-1,20,7.50,12.99\n'],
})

export function receiveGoodsRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/goods-in',
    {
      bodyLimit,
      config: { access: staff, rawBody: true, problems: ['goods_in_invalid', 'document_reused'] },
      schema: {
        tags: ['Inventory'],
        operationId: 'receiveGoods',
        summary: 'Book the copies of a delivery',
        description:
          'Rows that cannot be booked are reported by line, column, code and value, and stop no others; corrected, ' +
          'they are booked when the document is sent again. What was booked of it is never booked twice.',
        consumes: ['text/csv'],
        querystring: Query,
        body: Body,
        response: { 200: GoodsInReport },
      },
    },
    async (request) => {
      const report = await receiveGoods(deps, {
        file: Readable.from([request.body]),
        ...request.query,
        actor: request.requireIdentity().accountId,
      })
      return { ...report, issues: report.issues.slice(0, mostIssues) }
    },
  )
}
