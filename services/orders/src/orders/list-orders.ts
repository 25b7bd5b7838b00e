import { decodeCursor, encodeCursor } from '@colophon/http'
import { parseIsbn } from '@colophon/isbn'
import { join, type Sql, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import type { OrderStatus } from '../process/states.ts'
import { firstIdAt } from '../rules/id-time.ts'
import type { Order } from '../schemas.ts'
import { readOrders } from './read-order.ts'

export interface OrdersQuery {
  email?: string
  /** In any written form. */
  isbn?: string
  number?: number
  status?: OrderStatus
  /** ISO dates, in UTC; both are in it. */
  from?: string
  to?: string
  cursor?: string
  limit: number
}

/**
 * One page of orders, the newest first.
 * @param accountId whose; null for everybody's, as staff see them
 * @throws Problem invalid_cursor, order_invalid for what is no ISBN
 */
export async function listOrders(
  { database }: OrdersDeps,
  query: OrdersQuery,
  accountId: string | null,
): Promise<{ items: Order[]; nextCursor: string | null }> {
  const identity = { ...query, of: accountId }
  const [after] = query.cursor ? decodeCursor(query.cursor, identity, ['uuid']) : []
  const where = [...filters(query, accountId), ...(after === undefined ? [] : [sql`o.id < ${after}`])]
  // Ids are in the order of time (UUID version 7), so that each filter's index gives them sorted.
  const rows = await database.query<{ id: string }>(sql`
    select o.id from orders.orders o ${where.length > 0 ? sql`where ${join(where, ' and ')}` : sql``}
    order by o.id desc limit ${query.limit + 1}`)
  const ids = rows.slice(0, query.limit).map(({ id }) => id)
  const last = rows.length > query.limit ? ids.at(-1) : undefined
  return {
    items: await readOrders(database, ids, accountId === null),
    nextCursor: last === undefined ? null : encodeCursor(identity, [last]),
  }
}

const day = 24 * 60 * 60_000

/**
 * Days are ranges of ids too, so that whatever else is asked for, its index is read within them alone. An id is made
 * before its order's `placed_at` by no more than the time of a request; milliseconds.
 */
const slack = 5 * 60_000

function filters({ email, isbn, number, status, from, to }: OrdersQuery, accountId: string | null): Sql[] {
  return [
    accountId !== null && sql`o.account_id = ${accountId}`,
    email !== undefined && sql`o.email = ${email.toLowerCase()}`,
    isbn !== undefined &&
      sql`exists (select from orders.order_lines line where line.order_id = o.id and line.isbn13 = ${isbn13Of(isbn)})`,
    number !== undefined && sql`o.number = ${number}`,
    status !== undefined && sql`o.status = ${status}`,
    from !== undefined &&
      sql`o.placed_at >= ${from}::date and o.id >= ${firstIdAt(Date.parse(from) - slack)}`,
    to !== undefined &&
      sql`o.placed_at < ${to}::date + 1 and o.id < ${firstIdAt(Date.parse(to) + day + slack)}`,
  ].filter((filter) => filter !== false)
}

function isbn13Of(text: string): string {
  const parsed = parseIsbn(text)
  if (parsed.ok) return parsed.isbn.isbn13
  throw ordersProblem('order_invalid', `isbn: ${text} is no ISBN`, {
    errors: [{ path: 'isbn', code: 'not_an_isbn', message: 'an ISBN of 10 or 13 digits' }],
  })
}
