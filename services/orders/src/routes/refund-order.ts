import { type App, line } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { requireIdempotencyKey } from '../idempotency.ts'
import { refundOrder } from '../process/refund-order.ts'
import { Order, OrderMoney } from '../schemas.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'
import { keyHeaders } from './shared/idempotency-key.ts'
import { orderAnswer } from './shared/order-answer.ts'
import { changeProblems } from './shared/staff-change.ts'

const Refund = Type.Object(
  {
    amount: Type.Object(
      {
        ...OrderMoney.properties,
        amount: Type.Integer({ ...OrderMoney.properties.amount, minimum: 1 }),
      },
      { additionalProperties: false },
    ),
    reason: line({ maxLength: 500, description: "For the buyer: shown in the order's history" }),
  },
  {
    title: 'Refund',
    additionalProperties: false,
    examples: [{ amount: { amount: 500, currency: 'EUR' }, reason: 'the cover is scratched' }],
  },
)

export function refundOrderRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/orders/:id/refund',
    {
      config: { access: staff, problems: [...changeProblems, 'currency_other', 'refund_too_large'] },
      schema: {
        tags: ['Orders'],
        operationId: 'refundOrder',
        summary: 'Give some of the money back',
        description:
          'Up to what was paid and is not given back already, nor about to be. The payment provider is told behind ' +
          'this answer: `payment.refunded` of the order follows.',
        params: idPath,
        headers: keyHeaders,
        body: Refund,
        response: { 200: Order },
      },
    },
    async (request) => {
      const { params, body, headers } = request
      await refundOrder(deps, {
        ...body,
        orderId: params.id,
        actor: request.requireIdentity().accountId,
        idempotencyKey: requireIdempotencyKey(headers),
      })
      return orderAnswer(deps, params.id, request.identity)
    },
  )
}
