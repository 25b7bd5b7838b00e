import type { Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { type CatalogDeps, priceView } from '../deps.ts'
import { findBook } from './find-book.ts'
import { recordHistory } from './history.ts'
import { lockBook } from './staff-write.ts'

/**
 * Takes a book out of the catalogue. Its row, identifiers and history stay.
 * @param checkVersion throws when the version is not the one the client has seen
 */
export async function deleteBook(
  deps: CatalogDeps,
  reference: string,
  { accountId: actor }: Identity,
  checkVersion: (version: number) => void,
): Promise<void> {
  const view = priceView(deps)
  const { id } = await findBook(deps.database, reference, view)
  await deps.database.transaction(async (tx) => {
    await lockBook(tx, id)
    const current = await findBook(tx, id, view)
    checkVersion(current.version)
    const now = deps.now()
    const version = current.version + 1
    await tx.query(sql`
      update catalog.books set deleted_at = ${now}, updated_at = ${now}, version = ${version} where id = ${id}`)
    await recordHistory(tx, [{ bookId: id, version, actor, action: 'deleted', changes: {} }], now)
  })
}
