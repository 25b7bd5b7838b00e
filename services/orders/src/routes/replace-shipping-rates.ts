import { type App, etagOf, requireMatch } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { ShippingRates } from '../rates/schemas.ts'
import { replaceShippingRates } from '../rates/shipping-rates.ts'
import { admin } from './shared/access.ts'

export function replaceShippingRatesRoute(app: App, deps: OrdersDeps): void {
  app.put(
    '/api/rates/shipping',
    {
      config: { access: admin, problems: ['rates_invalid', 'precondition_required', 'precondition_failed'] },
      schema: {
        tags: ['Rates'],
        operationId: 'replaceShippingRates',
        summary: 'Replace the whole table of shipping costs',
        description: 'It holds from the next order on. Placed orders keep what they were placed with.',
        body: ShippingRates,
        response: { 200: ShippingRates },
      },
    },
    async (request, reply) => {
      const { accountId: actor } = request.requireIdentity()
      const checkVersion = (version: number) => requireMatch(request, version)
      const version = await replaceShippingRates(deps, request.body, { actor, checkVersion })
      reply.header('etag', etagOf(version))
      return request.body
    },
  )
}
