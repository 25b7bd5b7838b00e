import { literals } from '@colophon/catalog'
import { type App, line, uuid } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { requireIdempotencyKey } from '../idempotency.ts'
import { endRefusal, refusalEnds } from '../process/end-refusal.ts'
import { Order } from '../schemas.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'
import { keyHeaders, keyProblems } from './shared/idempotency-key.ts'
import { orderAnswer } from './shared/order-answer.ts'

const refundPath = Type.Object({ ...idPath.properties, refundId: uuid() })

const RefusalEnd = Type.Object(
  {
    action: literals(refusalEnds, {
      description:
        'again: the payment provider is asked once more. elsewhere: the buyer has the money by another way, and the ' +
        'provider is not asked. withdraw: nothing is owed',
    }),
    reason: line({
      maxLength: 500,
      description:
        "For the buyer: shown in the order's history, and in the mail that tells of `elsewhere`, or that what was " +
        'charged and not asked for is withdrawn',
    }),
  },
  {
    title: 'RefusalEnd',
    additionalProperties: false,
    examples: [{ action: 'elsewhere', reason: 'by bank transfer' }],
  },
)

export function endRefusalRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/orders/:id/refunds/:refundId',
    {
      config: {
        access: staff,
        problems: ['order_not_found', 'refund_not_found', 'refund_state', 'refund_too_large', ...keyProblems],
      },
      schema: {
        tags: ['Orders'],
        operationId: 'endRefusal',
        summary: 'Say how a refund that is refused goes on',
        description:
          'Asked for again, given back by another way, or withdrawn: until then it is owed. It keeps its amount and ' +
          'what it is for, and can be no more than what was paid and is not given back already, nor about to be. What ' +
          'was charged and not asked for is given back at the provider, and then withdrawn.',
        params: refundPath,
        headers: keyHeaders,
        body: RefusalEnd,
        response: { 200: Order },
      },
    },
    async (request) => {
      const { params, body, headers } = request
      await endRefusal(deps, {
        ...body,
        orderId: params.id,
        refundId: params.refundId,
        actor: request.requireIdentity().accountId,
        idempotencyKey: requireIdempotencyKey(headers),
      })
      return orderAnswer(deps, params.id, request.identity)
    },
  )
}
