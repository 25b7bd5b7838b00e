import { type App, sendVersioned } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { ShippingRates } from '../rates/schemas.ts'
import { readShippingRates } from '../rates/shipping-rates.ts'
import { Country } from '../schemas.ts'

export function getShippingRatesRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/rates/shipping',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Rates'],
        operationId: 'getShippingRates',
        summary: 'Shipping methods and what they cost by weight',
        querystring: Type.Object({
          country: Type.Optional(
            Type.Unsafe<string>({
              ...Country,
              description: 'Only what holds for this country; all when not given',
            }),
          ),
        }),
        response: { 200: ShippingRates },
      },
    },
    async (request, reply) => {
      const { version, rates } = await readShippingRates(deps, request.query.country)
      return sendVersioned(request, reply, version, { rates })
    },
  )
}
