import type { App } from '@colophon/http'
import { voidCharge } from '../charges/void-charge.ts'
import type { SandboxDeps } from '../deps.ts'
import { Charge, ChargeKey } from '../schemas.ts'

export function voidChargeRoute(app: App, deps: SandboxDeps): void {
  app.post(
    '/v1/charges/void',
    {
      config: { access: deps.access },
      schema: {
        tags: ['Charges'],
        operationId: 'voidCharge',
        summary: 'See to it that a charge of this key never takes money',
        description:
          'It is void from now on, also when it is asked for later. One that was charged or declined before stays so.',
        body: ChargeKey,
        response: { 200: Charge },
      },
    },
    ({ body }) => voidCharge(deps, body.key),
  )
}
