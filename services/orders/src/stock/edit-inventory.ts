import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { Inventory, InventoryPatch } from '../schemas.ts'
import { findInventory } from './find-inventory.ts'
import { ensureStock, lockStock } from './movements.ts'

/** What is to become of how a book's stock is sold. */
export interface InventoryEdit {
  bookId: string
  patch: InventoryPatch
  /** Throws when the version that is there is not the one the client has seen. */
  checkVersion: (version: number) => void
}

/**
 * Changes how a book's stock is sold. The version counts these changes alone, so that nobody who edits a book that sells
 * meets another version with each sale; a change that changes nothing leaves it as it is.
 */
export function editInventory(
  deps: OrdersDeps,
  { bookId, patch, checkVersion }: InventoryEdit,
): Promise<Inventory> {
  return deps.database.transaction(async (tx) => {
    await ensureStock(tx, deps, [bookId])
    await lockStock(tx, [bookId])
    const current = await findInventory(tx, deps.currency, bookId)
    checkVersion(current.version)
    const next = { ...current, ...patch }
    const { policy, reorderLevel, weightGrams } = next
    const changed = [
      policy !== current.policy,
      reorderLevel !== current.reorderLevel,
      weightGrams !== current.weightGrams,
    ]
    if (!changed.includes(true)) return current
    await tx.query(sql`
      update orders.stock
      set policy = ${policy}, reorder_level = ${reorderLevel}, weight_grams = ${weightGrams},
        version = version + 1, updated_at = ${deps.now()}
      where book_id = ${bookId}`)
    return { ...next, version: current.version + 1 }
  })
}
