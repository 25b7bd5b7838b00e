import { decodeCursor, encodeCursor } from '@colophon/http'
import { join, type Sql, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { StockPolicy } from '../rules/sellable.ts'
import type { Inventory } from '../schemas.ts'
import { inventoryColumns } from './find-inventory.ts'

export interface InventoryQuery {
  /** Whether no more copies are available than the level at which the book is to be reordered. */
  lowStock?: boolean
  policy?: StockPolicy
  cursor?: string
  limit: number
}

/** One page of the books that have, or had, stock, by their ids. @throws Problem invalid_cursor */
export async function listInventory(
  { database, currency }: Pick<OrdersDeps, 'database' | 'currency'>,
  query: InventoryQuery,
): Promise<{ items: Inventory[]; nextCursor: string | null }> {
  const [after] = query.cursor ? decodeCursor(query.cursor, query, ['uuid']) : []
  const where = [...filters(query), ...(after === undefined ? [] : [sql`book_id > ${after}::uuid`])]
  const rows = await database.query<Inventory>(sql`
    select ${inventoryColumns(currency)} from orders.stock
    ${where.length > 0 ? sql`where ${join(where, ' and ')}` : sql``}
    order by book_id limit ${query.limit + 1}`)
  const items = rows.slice(0, query.limit)
  const last = rows.length > query.limit ? items.at(-1) : undefined
  return { items, nextCursor: last === undefined ? null : encodeCursor(query, [last.bookId]) }
}

function filters({ lowStock, policy }: InventoryQuery): Sql[] {
  const isLow = sql`reorder_level is not null and on_hand - held <= reorder_level`
  return [
    lowStock === true && isLow,
    lowStock === false && sql`not (${isLow})`,
    policy !== undefined && sql`policy = ${policy}`,
  ].filter((filter) => filter !== false)
}
