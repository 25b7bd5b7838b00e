import { type Queryable, type Sql, sql } from '@colophon/postgres'
import type { Inventory } from '../schemas.ts'

/** What is shown of a row of orders.stock. Costs are in the shop's currency. */
export function inventoryColumns(currency: string): Sql {
  return sql`book_id as "bookId", on_hand as "onHand", held, on_hand - held as available, policy,
    reorder_level as "reorderLevel", weight_grams as "weightGrams",
    case when unit_cost is not null then json_build_object('amount', unit_cost, 'currency', ${currency}::text) end
      as "unitCost", version`
}

/** The stock of a book; none for one that never had any. */
export async function findInventory(db: Queryable, currency: string, bookId: string): Promise<Inventory> {
  const found = await db.maybeOne<Inventory>(sql`
    select ${inventoryColumns(currency)} from orders.stock where book_id = ${bookId}`)
  return found ?? { bookId, ...nothing }
}

const nothing = {
  onHand: 0,
  held: 0,
  available: 0,
  policy: 'in_stock',
  reorderLevel: null,
  weightGrams: null,
  unitCost: null,
  version: 0,
} as const
