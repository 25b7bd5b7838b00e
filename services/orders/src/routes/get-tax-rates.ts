import { type App, sendVersioned } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { TaxRates } from '../rates/schemas.ts'
import { readTaxRates } from '../rates/tax-rates.ts'
import { admin } from './shared/access.ts'

export function getTaxRatesRoute(app: App, { database }: OrdersDeps): void {
  app.get(
    '/api/rates/tax',
    {
      config: { access: admin },
      schema: {
        tags: ['Rates'],
        operationId: 'getTaxRates',
        summary: 'Tax rates by country and kind of product',
        response: { 200: TaxRates },
      },
    },
    async (request, reply) => {
      const { version, rates } = await readTaxRates(database)
      return sendVersioned(request, reply, version, { rates })
    },
  )
}
