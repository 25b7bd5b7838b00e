import { type Queryable, sql } from '@colophon/postgres'

export function stockDifferences(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select stock.book_id, stock.on_hand, stock.held, ledger.on_hand as entered from orders.stock stock
    cross join lateral (select coalesce(sum(on_hand), 0) as on_hand, coalesce(sum(held), 0) as held
      from orders.stock_ledger entry where entry.book_id = stock.book_id) ledger
    where stock.on_hand <> ledger.on_hand or stock.held <> ledger.held or stock.held <> 0`)
}

/**
 * Of every order and book: what left the stock for it is what its line has, once and not twice, and nothing
 * is held. Nobody sends anything back here.
 */
export function wrongMovements(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    with moved as (
      select order_id, book_id, sum(on_hand)::int as on_hand, sum(held)::int as held
      from orders.stock_ledger where order_id is not null group by order_id, book_id)
    select order_id, book_id, line.allocated, moved.on_hand, moved.held
    from (select * from orders.order_lines where tracked) line full join moved using (order_id, book_id)
    where coalesce(moved.on_hand, 0) <> - coalesce(line.allocated, 0) or coalesce(moved.held, 0) <> 0`)
}

/** Every copy of a line is the buyer's or cancelled, since no book is sold beyond what is there. */
export function incompleteLines(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select order_id, position, quantity, allocated, cancelled from orders.order_lines
    where allocated + cancelled <> quantity`)
}

export const wrongInStock = sql`
  select book.id, book.in_stock, stock.on_hand - stock.held as available
  from catalog.books book join orders.stock stock on stock.book_id = book.id
  where book.in_stock <> (stock.on_hand - stock.held > 0)`
