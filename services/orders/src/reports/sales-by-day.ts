import { sql } from '@colophon/postgres'
import { type Cell, type Column, cellsOf, daysUpTo, type Report, readSlowly } from './report.ts'
import { salesBetween, salesSums } from './sales.ts'

const daysShown = 7

const columns: readonly Column[] = [
  { name: 'day', type: 'day' },
  { name: 'currency', type: 'text' },
  { name: 'orders', type: 'count' },
  { name: 'copies', type: 'count' },
  { name: 'net', type: 'money' },
  { name: 'tax', type: 'money' },
  { name: 'gross', type: 'money' },
  { name: 'shipping', type: 'money' },
  { name: 'refunded', type: 'money' },
]

/** The day and the six before it, so that it can be compared; days without a sale are there too. */
export const salesByDay: Report = {
  name: 'sales-by-day',
  title: `Sales of the ${daysShown} days up to this one`,
  columns,
  async read(deps, day, limit) {
    const { from, to } = daysUpTo(day, daysShown)
    const statement = sql`
      with ${salesBetween(from, to)}, days as (
        select (at at time zone 'UTC')::date as day, currency,
          count(distinct order_id) filter (where is_sale) as orders, ${salesSums},
          coalesce(sum(gross) filter (where position = 0), 0)::bigint as shipping,
          coalesce(-sum(gross) filter (where not is_sale), 0)::bigint as refunded
        from sales group by 1, 2)
      select day, coalesce(days.currency, ${deps.currency}) as currency, coalesce(orders, 0) as orders,
        coalesce(copies, 0) as copies, coalesce(net, 0) as net, coalesce(tax, 0) as tax,
        coalesce(gross, 0) as gross, coalesce(shipping, 0) as shipping, coalesce(refunded, 0) as refunded
      from (select generate_series(${day}::date - ${daysShown - 1}::int, ${day}::date, '1 day')::date as day) as each
        left join days using (day)
      order by day, currency limit ${limit}`
    return cellsOf(columns, await readSlowly<Record<string, Cell>>(deps, statement))
  },
}
