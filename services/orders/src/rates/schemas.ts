import { literals, Money } from '@colophon/catalog'
import Type, { type Static } from 'typebox'
import { countries } from '../rules/countries.ts'
import { taxKinds } from '../rules/tax.ts'
import { Country, ShippingMethod } from '../schemas.ts'

/** More than all countries need, and few enough to be read and replaced as a whole. */
const maxRates = 1_200

export const TaxRate = Type.Object(
  {
    country: Country,
    kind: literals(taxKinds, {
      description: 'What is taxed: paper and other goods are `book`',
    }),
    rate: Type.Number({
      minimum: 0,
      maximum: 100,
      description: 'In per cent, in steps of 0.01',
      examples: [7],
    }),
  },
  { title: 'TaxRate', additionalProperties: false },
)
export type TaxRate = Static<typeof TaxRate>

export const TaxRates = Type.Object(
  {
    rates: Type.Array(TaxRate, {
      maxItems: maxRates,
      description: 'What has no rate is not taxed',
    }),
  },
  {
    title: 'TaxRates',
    additionalProperties: false,
    examples: [{ rates: [{ country: 'DE', kind: 'book', rate: 7 }] }],
  },
)
export type TaxRates = Static<typeof TaxRates>

const ShippingRate = Type.Object(
  {
    country: Type.Unsafe<string>(
      Type.Enum(['*', ...countries], {
        type: 'string',
        description: 'ISO 3166-1 alpha-2; * for every country that has no rate of its own for the method',
        examples: ['DE'],
      }),
    ),
    method: ShippingMethod,
    upToGrams: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description:
        'What a parcel may weigh. Heavier orders are sent as several parcels of the largest weight.',
    }),
    price: Money,
  },
  { title: 'ShippingRate', additionalProperties: false },
)

export const ShippingRates = Type.Object(
  { rates: Type.Array(ShippingRate, { maxItems: maxRates }) },
  {
    title: 'ShippingRates',
    additionalProperties: false,
    examples: [
      {
        rates: [
          { country: 'DE', method: 'standard', upToGrams: 1000, price: { amount: 295, currency: 'EUR' } },
        ],
      },
    ],
  },
)
export type ShippingRates = Static<typeof ShippingRates>
