import { sql } from '@colophon/postgres'
import { type Cell, type Column, cellsOf, daysUpTo, type Report, readSlowly } from './report.ts'
import { salesBetween, salesSums } from './sales.ts'

const columns: readonly Column[] = [
  { name: 'publisherId', type: 'text' },
  { name: 'publisher', type: 'text' },
  { name: 'currency', type: 'text' },
  { name: 'copies', type: 'count' },
  { name: 'net', type: 'money' },
  { name: 'tax', type: 'money' },
  { name: 'gross', type: 'money' },
]

/** Books alone, without shipping; those of no publisher have a row without a name. */
export const salesByPublisher: Report = {
  name: 'sales-by-publisher',
  title: 'Sales of the day by publisher',
  columns,
  async read(deps, day, limit) {
    const { from, to } = daysUpTo(day)
    const statement = sql`
      with ${salesBetween(from, to)}
      select publisher->>'id' as "publisherId", max(publisher->>'name') as publisher, currency, ${salesSums}
      from sales where position > 0
      group by publisher->>'id', currency order by gross desc, publisher, "publisherId" limit ${limit}`
    return cellsOf(columns, await readSlowly<Record<string, Cell>>(deps, statement))
  },
}
