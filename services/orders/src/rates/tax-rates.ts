import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import { inHundredths, taxRateErrors } from './check-rates.ts'
import { type Replacing, replaceTable } from './rate-table.ts'
import type { TaxRates } from './schemas.ts'

/** The whole table, with its version. */
export async function readTaxRates(db: Queryable): Promise<TaxRates & { version: number }> {
  const { version, rates } = await db.one<TaxRates & { version: number }>(sql`
    select version, (select coalesce(json_agg(json_build_object('country', country, 'kind', kind, 'rate', rate)
        order by country, kind), '[]') from orders.tax_rates) as rates
    from orders.rate_tables where name = 'tax'`)
  return { version, rates: rates.map((row) => ({ ...row, rate: row.rate / 100 })) }
}

/**
 * Replaces the whole table; it holds for the next order, and not for those that are placed.
 * @returns the new version
 * @throws Problem rates_invalid, and what the version's check throws
 */
export async function replaceTaxRates(
  deps: OrdersDeps,
  { rates }: TaxRates,
  replacing: Replacing,
): Promise<number> {
  const errors = taxRateErrors(rates)
  if (errors.length > 0)
    throw ordersProblem('rates_invalid', `${errors[0]?.path} ${errors[0]?.message}`, { errors })
  const rows = rates.map((row) => ({ ...row, rate: inHundredths(row.rate) }))
  return replaceTable(deps, 'tax', replacing, async (tx) => {
    await tx.query(sql`delete from orders.tax_rates`)
    await tx.query(sql`
      insert into orders.tax_rates (country, kind, rate)
      select country, kind, rate
      from json_to_recordset(${JSON.stringify(rows)}::json) as row (country text, kind text, rate int)`)
  })
}
