import type { App } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { orderIdOf } from '../payments/charge-key.ts'
import { decidedCharge, type ProviderCharge } from '../payments/provider-charge.ts'
import { chargeIn, WebhookEvent } from '../payments/webhook-event.ts'
import { isSigned } from '../payments/webhook-signature.ts'
import { ordersProblem } from '../problems.ts'
import { recordCharge } from '../process/settlement.ts'

const signatureHeader = Type.Object({
  'payments-signature': Type.Optional(
    Type.String({
      maxLength: 1_000,
      description:
        'Needed: `t=SECONDS,v1=HEX`, the HMAC SHA-256 over the seconds, a dot and the bytes of the body; good for ' +
        'five minutes',
    }),
  ),
})

export function paymentWebhookRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/payments/webhook',
    {
      config: { access: 'public', rawBody: true, problems: ['webhook_signature', 'webhook_invalid'] },
      bodyLimit: 65_536,
      schema: {
        tags: ['Payments'],
        operationId: 'paymentWebhook',
        summary: 'Take an event of the payment provider',
        description:
          'An event that is not about an order, or was taken before, changes nothing and is answered the same, so ' +
          'that the provider does not send it again.',
        headers: signatureHeader,
        // Its signature is over the bytes, which are looked at first.
        body: Type.Unsafe<Buffer>({ ...WebhookEvent }),
        response: { 204: Type.Null({ description: 'Taken' }) },
      },
    },
    async ({ body, headers }, reply) => {
      if (!isSigned(body, headers['payments-signature'] ?? '', deps.webhookSecret, deps.now())) {
        throw ordersProblem(
          'webhook_signature',
          'Payments-Signature must be made with the secret, and just now',
        )
      }
      const charge = chargeIn(body)
      if (charge !== null) await takeCharge(deps, charge)
      return reply.code(204).send(null)
    },
  )
}

async function takeCharge(deps: OrdersDeps, told: ProviderCharge): Promise<void> {
  const orderId = orderIdOf(told.key)
  const charge = decidedCharge(told)
  if (orderId === undefined || charge === null) return
  await recordCharge(deps, orderId, charge)
  deps.outbox.nudge()
}
