import { sql } from '@colophon/postgres'
import { type Cell, type Column, cellsOf, daysUpTo, type Report, readSlowly } from './report.ts'
import { salesBetween, salesSums } from './sales.ts'

const columns: readonly Column[] = [
  { name: 'authorId', type: 'text' },
  { name: 'author', type: 'text' },
  { name: 'currency', type: 'text' },
  { name: 'copies', type: 'count' },
  { name: 'net', type: 'money' },
  { name: 'tax', type: 'money' },
  { name: 'gross', type: 'money' },
]

/**
 * Books alone, without shipping. A book of several authors counts whole for each of them, so that the rows add up to
 * more than the day; those of none have a row without a name.
 */
export const salesByAuthor: Report = {
  name: 'sales-by-author',
  title: 'Sales of the day by author',
  columns,
  async read(deps, day, limit) {
    const { from, to } = daysUpTo(day)
    const statement = sql`
      with ${salesBetween(from, to)}
      select author.id as "authorId", max(author.name) as author, currency, ${salesSums}
      from sales left join lateral jsonb_to_recordset(authors) as author (id text, name text) on true
      where position > 0
      group by author.id, currency order by gross desc, author, "authorId" limit ${limit}`
    return cellsOf(columns, await readSlowly<Record<string, Cell>>(deps, statement))
  },
}
