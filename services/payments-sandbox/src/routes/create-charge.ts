import type { App } from '@colophon/http'
import { makeCharge } from '../charges/make-charge.ts'
import type { SandboxDeps } from '../deps.ts'
import { Charge, ChargeInput, keyHeader } from '../schemas.ts'
import { described } from './shared/described.ts'
import { linger, neverAnswer } from './shared/linger.ts'

export function createChargeRoute(app: App, deps: SandboxDeps): void {
  app.post(
    '/v1/charges',
    {
      config: { access: deps.access, problems: ['idempotency_key_reused', 'failed_on_demand'] },
      schema: {
        tags: ['Charges'],
        operationId: 'createCharge',
        summary: 'Take money, once for each Idempotency-Key',
        description: 'A decline is an answer like any other: see its status.',
        headers: keyHeader,
        body: ChargeInput,
        response: {
          200: described(Charge, 'What became of it when it was asked for before'),
          201: described(Charge, 'Settled: charged or declined'),
          202: described(Charge, 'Pending: ask for it later, or wait for the webhook'),
        },
      },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const made = await makeCharge(deps, { ...request.body, key })
      if (made === null || made.answer === 'never') return neverAnswer(reply, deps)
      const { charge, isNew, answer } = made
      if (answer === 'late') await linger(reply, deps.lateMs, deps)
      return reply.code(charge.status === 'pending' ? 202 : isNew ? 201 : 200).send(charge)
    },
  )
}
