import type { App } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { requireIdempotencyKey } from '../idempotency.ts'
import { returnLines } from '../process/return-lines.ts'
import { Order } from '../schemas.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'
import { keyHeaders } from './shared/idempotency-key.ts'
import { lineCopies, lineList } from './shared/line-copies.ts'
import { orderAnswer } from './shared/order-answer.ts'
import { changeProblems } from './shared/staff-change.ts'

const returnedCopies = Type.Object(
  {
    ...lineCopies.properties,
    restock: Type.Boolean({ description: 'Whether they can be sold again; false for an e-book' }),
  },
  { additionalProperties: false },
)

const Return = Type.Object(
  {
    lines: lineList(returnedCopies),
    refund: Type.Boolean({
      default: true,
      description: "Whether the lines' share of the money is given back",
    }),
  },
  { title: 'Return', additionalProperties: false },
)

export function returnLinesRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/orders/:id/return',
    {
      config: { access: staff, problems: [...changeProblems, 'lines_invalid'] },
      schema: {
        tags: ['Orders'],
        operationId: 'returnLines',
        summary: 'Say that copies came back',
        description:
          'Only what was shipped and is not back already. The shipping is not given back; when everything that was ' +
          'shipped is back, the order is returned.',
        params: idPath,
        headers: keyHeaders,
        body: Return,
        response: { 200: Order },
      },
    },
    async (request) => {
      const { params, body, headers } = request
      await returnLines(deps, {
        ...body,
        orderId: params.id,
        actor: request.requireIdentity().accountId,
        idempotencyKey: requireIdempotencyKey(headers),
      })
      return orderAnswer(deps, params.id, request.identity)
    },
  )
}
