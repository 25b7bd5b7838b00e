import { type App, etagOf, requireMatch } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { TaxRates } from '../rates/schemas.ts'
import { replaceTaxRates } from '../rates/tax-rates.ts'
import { admin } from './shared/access.ts'

export function replaceTaxRatesRoute(app: App, deps: OrdersDeps): void {
  app.put(
    '/api/rates/tax',
    {
      config: { access: admin, problems: ['rates_invalid', 'precondition_required', 'precondition_failed'] },
      schema: {
        tags: ['Rates'],
        operationId: 'replaceTaxRates',
        summary: 'Replace the whole table of tax rates',
        description: 'It holds from the next order on. Placed orders keep what they were placed with.',
        body: TaxRates,
        response: { 200: TaxRates },
      },
    },
    async (request, reply) => {
      const { accountId: actor } = request.requireIdentity()
      const checkVersion = (version: number) => requireMatch(request, version)
      const version = await replaceTaxRates(deps, request.body, { actor, checkVersion })
      reply.header('etag', etagOf(version))
      return request.body
    },
  )
}
