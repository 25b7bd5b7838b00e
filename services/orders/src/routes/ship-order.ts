import { type App, line, nullable } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { requireIdempotencyKey } from '../idempotency.ts'
import { shipOrder } from '../process/ship-order.ts'
import { Order } from '../schemas.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'
import { keyHeaders } from './shared/idempotency-key.ts'
import { lineCopies, lineList } from './shared/line-copies.ts'
import { orderAnswer } from './shared/order-answer.ts'
import { changeProblems } from './shared/staff-change.ts'

const Parcel = Type.Object(
  {
    lines: Type.Optional(lineList(lineCopies)),
    carrier: Type.Optional(nullable(line({ maxLength: 100, examples: ['DHL'] }))),
    tracking: Type.Optional(nullable(line({ maxLength: 100, description: "The carrier's number" }))),
  },
  { title: 'Parcel', additionalProperties: false },
)

export function shipOrderRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/orders/:id/ship',
    {
      config: { access: staff, problems: [...changeProblems, 'lines_invalid', 'copies_missing'] },
      schema: {
        tags: ['Orders'],
        operationId: 'shipOrder',
        summary: 'Say that copies were sent',
        description:
          'Without lines, all copies that are there for the order and not sent yet. What waits for stock is ' +
          '`copies_missing` until it has come in.',
        params: idPath,
        headers: keyHeaders,
        body: nullable(Parcel),
        response: { 200: Order },
      },
    },
    async (request) => {
      const { params, body, headers } = request
      await shipOrder(deps, {
        ...body,
        orderId: params.id,
        actor: request.requireIdentity().accountId,
        idempotencyKey: requireIdempotencyKey(headers),
      })
      return orderAnswer(deps, params.id, request.identity)
    },
  )
}
