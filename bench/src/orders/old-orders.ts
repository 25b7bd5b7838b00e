import { type Database, raw, type Sql, sql } from '@colophon/postgres'
import { address } from '../../../services/orders/test/support/shopping.ts'

/** How many old orders there are, of how many customers; the first of these has every hundredth order. */
export const oldOrders = { count: 1_000_000, customers: 50_000, ofFirst: 10_000 } as const

/** When the first of them was placed, and milliseconds from one to the next: two years in all. */
const [firstAt, between] = [Date.parse('2024-01-01T00:00:00Z'), 63_000]

/** Of which status the n-th is; everything is over. */
const statusOfN = `case when n % 50000 = 7 then 'partly_shipped' when n % 100 = 3 then 'declined'
  when n % 50 = 9 then 'cancelled' when n % 200 = 11 then 'returned' else 'shipped' end`

/** Every order has one copy of the first book; the second one is of one of so many. */
const books = 100_000

export function isbnOf(book: number): string {
  const body = `9799${String(book).padStart(8, '0')}`
  const sum = [...body].reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0)
  return `${body}${(10 - (sum % 10)) % 10}`
}

export const firstAccount = '0198c0de-0000-7000-8000-000000000000'

export function emailOf(customer: number): string {
  return `reader${customer}@example.com`
}

/** A day so many of the two years in, as an ISO date. */
export function dayAt(share: number): string {
  return new Date(firstAt + share * oldOrders.count * between).toISOString().slice(0, 10)
}

/** Of the n-th order, from 1: ids as the shop makes them, of UUID version 7. */
const made = `select n, t, customer, ${statusOfN} as status,
    (lpad(to_hex((extract(epoch from t) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8'
      || lpad(to_hex(n), 15, '0'))::uuid as id,
    ('0198c0de-0000-7000-8000-' || lpad(to_hex(customer), 12, '0'))::uuid as account
  from (select n, to_timestamp(${firstAt / 1000} + n * ${between / 1000}) as t,
      case when n % 100 = 0 then 0 else 1 + (n::bigint * 7919 % ${oldOrders.customers - 1})::int end as customer
    from generate_series(1, ${oldOrders.count}) n) numbered`

/** ISBN-13 of the book of a number, as `isbnOf` has it. */
const isbnTable: Sql = sql`create temporary table isbns on commit drop as
  select * from unnest(${Array.from({ length: books + 1 }, (_, n) => n)}::int[],
    ${Array.from({ length: books + 1 }, (_, n) => isbnOf(n))}::text[]) as isbns (book, isbn13)`

const statements: readonly Sql[] = [
  isbnTable,
  raw(`create temporary table made on commit drop as ${made}`),
  sql`insert into orders.orders (id, account_id, email, status, currency, shipping_method, shipping_address,
      shipping, shipping_tax, shipping_tax_rate, tax, total, version, placed_at, updated_at)
    select id, account, 'reader' || customer || '@example.com', status, 'EUR', 'standard', ${JSON.stringify(address)}::jsonb,
      295, 19, 700, 150, 2293, 4, t, t + interval '1 day' from made order by n`,
  sql`insert into orders.order_lines (order_id, position, book_id, isbn13, title, format, authors, publisher, tracked,
      quantity, unit_price, tax_rate, tax, total, allocated, shipped, cancelled)
    select id, position, ('0198c0de-0000-7000-8000-' || lpad(to_hex(book), 12, '0'))::uuid, isbn13,
      'The book of number ' || book, 'paperback', '[{"id": "a", "name": "Ada Author"}]', '{"id": "p", "name": "Press"}',
      true, 1, 999, 700, 65, 999, is_sold, case when status = 'partly_shipped' and position = 2 then 0 else is_sold end,
      1 - is_sold
    from made cross join lateral (values (1, 0), (2, 1 + (n::bigint * 104729 % ${books})::int)) as line (position, book)
      join isbns using (book)
      cross join lateral (select case when status in ('declined', 'cancelled') then 0 else 1 end as is_sold) as sold
    order by n, position`,
  sql`insert into orders.payments (order_id, key, amount, currency, status, attempted_at, charge_id, settled_at)
    select id, 'charge-' || id, 2293, 'EUR', case when status = 'declined' then 'declined' else 'charged' end, t,
      'ch_' || n, t from made order by n`,
  sql`insert into orders.order_history (order_id, seq, status, reason, actor, at)
    select id, seq, case when seq = 4 then made.status else entry.status end, entry.reason, 'system', t
    from made cross join (values (1, 'placed', 'the order was placed'), (2, 'paid', 'the payment was taken'),
      (3, 'confirmed', 'the copies are set aside'), (4, 'shipped', 'sent by post')) as entry (seq, status, reason)
    order by n, seq`,
]

/** Makes them in an empty shop: at rest, so that nothing is due. */
export async function makeOldOrders(database: Database): Promise<void> {
  await database.transaction(
    async (tx) => {
      for (const statement of statements) await tx.query(statement)
    },
    { statementTimeout: 0 },
  )
  await database.session((session) => session.query(sql`vacuum analyze`))
}
