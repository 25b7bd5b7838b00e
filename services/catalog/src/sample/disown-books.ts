import { type Queryable, sql } from '@colophon/postgres'
import type { Changes } from '../books/changes.ts'
import { recordHistory } from '../books/history.ts'
import { type KnownBook, type PriceView, readBooks } from '../books/read-books.ts'
import { sampleSource } from './decision.ts'

/** A book, and which of its made-up fields are still as the sample has them. */
export interface OwnedBook {
  id: string
  hasPrice: boolean
  hasStock: boolean
}

/**
 * Leaves these books to whoever else speaks for them: made-up prices and stock go, as a change of the book; facts stay,
 * without an owner. The caller's transaction holds the books.
 */
export async function disownBooks(
  tx: Queryable,
  owned: readonly OwnedBook[],
  { view, now }: { view: PriceView; now: Date },
): Promise<void> {
  const ids = owned.map(({ id }) => id)
  const ownedBy = new Map(owned.map((one) => [one.id, one]))
  const priced = owned.filter(({ hasPrice }) => hasPrice).map(({ id }) => id)
  const entries = (await readBooks(tx, ids, view)).flatMap((book) => {
    const changes = emptied(book, ownedBy.get(book.id))
    if (Object.keys(changes).length === 0) return []
    const version = book.version + 1
    return [
      { bookId: book.id, version, actor: `import:${sampleSource}`, action: 'patched', changes } as const,
    ]
  })
  await tx.query(sql`delete from catalog.prices where book_id = any(${priced}::uuid[])`)
  await tx.query(sql`
    update catalog.books set version = version + 1, updated_at = ${now},
      price_today = case when changes ? 'price' then null else price_today end,
      in_stock = in_stock and not changes ? 'inStock'
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as entry ("bookId" uuid, changes jsonb)
    where id = "bookId"`)
  await recordHistory(tx, entries, now)
  await tx.query(sql`
    delete from catalog.provenance where source = ${sampleSource} and book_id = any(${ids}::uuid[])`)
}

/** What there is to be emptied, as changes of the book. Stock that is followed is not the sample's any more. */
function emptied({ price, inStock, isStockFollowed }: KnownBook, owned: OwnedBook | undefined): Changes {
  return {
    ...(owned?.hasPrice && price !== null && { price: [price, null] }),
    ...(owned?.hasStock && inStock && !isStockFollowed && { inStock: [true, false] }),
  }
}
