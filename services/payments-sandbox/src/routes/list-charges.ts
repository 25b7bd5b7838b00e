import { type App, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import { listCharges } from '../charges/list-charges.ts'
import type { SandboxDeps } from '../deps.ts'
import { Charge, ChargeKey } from '../schemas.ts'

export function listChargesRoute(app: App, { database, access }: SandboxDeps): void {
  app.get(
    '/v1/charges',
    {
      config: { access, problems: ['invalid_cursor'] },
      schema: {
        tags: ['Charges'],
        operationId: 'listCharges',
        summary: 'List all charges, the oldest first, or find the one with a key',
        querystring: Type.Object({ ...Type.Partial(ChargeKey).properties, ...pageQuery.properties }),
        response: { 200: page(Charge) },
      },
    },
    ({ query }) => listCharges(database, query),
  )
}
