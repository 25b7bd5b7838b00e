import type { App } from '@colophon/http'
import type { SandboxDeps } from '../deps.ts'
import { makeRefund } from '../refunds/make-refund.ts'
import { keyHeader, Refund, RefundInput } from '../schemas.ts'
import { described } from './shared/described.ts'

export function createRefundRoute(app: App, deps: SandboxDeps): void {
  app.post(
    '/v1/refunds',
    {
      config: {
        access: deps.access,
        problems: [
          'charge_not_found',
          'charge_took_nothing',
          'refund_refused',
          'currency_other',
          'refund_too_large',
          'idempotency_key_reused',
          'failed_on_demand',
        ],
      },
      schema: {
        tags: ['Refunds'],
        operationId: 'createRefund',
        summary: 'Give money of a charge back, once for each Idempotency-Key',
        headers: keyHeader,
        body: RefundInput,
        response: {
          200: described(Refund, 'The same refund, when it was asked for before'),
          201: described(Refund, 'Given back'),
        },
      },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const { refund, isNew } = await makeRefund(deps, { ...request.body, key })
      return reply.code(isNew ? 201 : 200).send(refund)
    },
  )
}
