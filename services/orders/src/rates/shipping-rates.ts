import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import type { ShippingRate } from '../rules/shipping.ts'
import { shippingRateErrors } from './check-rates.ts'
import { type Replacing, replaceTable } from './rate-table.ts'
import type { ShippingRates } from './schemas.ts'

/**
 * The table of shipping costs, with its version.
 * @param country only those that hold for it: its own and, for methods of which it has none, those of `*`
 */
export async function readShippingRates(
  { database, currency }: Pick<OrdersDeps, 'database' | 'currency'>,
  country?: string,
): Promise<ShippingRates & { version: number }> {
  const { version, rates } = await database.one<{ version: number; rates: ShippingRate[] }>(sql`
    select version, (select coalesce(json_agg(json_build_object('country', country, 'method', method,
        'upToGrams', up_to_grams, 'price', price) order by country, method, up_to_grams), '[]')
      from orders.shipping_rates) as rates
    from orders.rate_tables where name = 'shipping'`)
  const shown = country === undefined ? rates : ratesFor(rates, country)
  return { version, rates: shown.map((row) => ({ ...row, price: { amount: row.price, currency } })) }
}

/** As `shippingCost` reads the table. */
function ratesFor(rates: readonly ShippingRate[], country: string): ShippingRate[] {
  const own = new Set(rates.filter((rate) => rate.country === country).map(({ method }) => method))
  return rates.filter((rate) => rate.country === country || (rate.country === '*' && !own.has(rate.method)))
}

/**
 * Replaces the whole table; it holds for the next order, and not for those that are placed.
 * @returns the new version
 * @throws Problem rates_invalid, and what the version's check throws
 */
export async function replaceShippingRates(
  deps: OrdersDeps,
  { rates }: ShippingRates,
  replacing: Replacing,
): Promise<number> {
  const errors = shippingRateErrors(rates, deps.currency)
  if (errors.length > 0)
    throw ordersProblem('rates_invalid', `${errors[0]?.path} ${errors[0]?.message}`, { errors })
  const rows = rates.map(({ upToGrams, price, ...row }) => ({
    ...row,
    up_to_grams: upToGrams,
    price: price.amount,
  }))
  return replaceTable(deps, 'shipping', replacing, async (tx) => {
    await tx.query(sql`delete from orders.shipping_rates`)
    await tx.query(sql`
      insert into orders.shipping_rates (country, method, up_to_grams, price)
      select country, method, up_to_grams, price from json_to_recordset(${JSON.stringify(rows)}::json)
        as row (country text, method text, up_to_grams int, price int)`)
  })
}
