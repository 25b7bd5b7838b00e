import type { Identity } from '@colophon/http'
import type { Queryable } from '@colophon/postgres'
import { type CatalogDeps, priceView } from '../deps.ts'
import type { Book, BookInput } from '../schemas.ts'
import { changedGroups, changesBetween } from './changes.ts'
import { findBook } from './find-book.ts'
import { type HistoryAction, recordHistory } from './history.ts'
import { refuseTakenIsbn } from './isbn-taken.ts'
import { publicBook } from './read-books.ts'
import { draftFrom, lockBook, readStored, storeAsStaff, withNames } from './staff-write.ts'

/** One write by a person: what is to become of which version of a book. */
export interface Edit {
  /** A book's id or any form of its ISBN. */
  reference: string
  actor: Pick<Identity, 'accountId'>
  action: HistoryAction
  /** Throws when the version read is not the one the client has seen. */
  checkVersion: (version: number) => void
  /** The book as it is to be, from the book as it is. */
  next: (current: Book) => BookInput
}

/**
 * Changes a book: row, all that hangs on it, provenance and history in one transaction. A change that
 * changes nothing leaves the version as it is.
 */
export async function editBook(deps: CatalogDeps, edit: Edit): Promise<Book> {
  const { id } = await findBook(deps.database, edit.reference, priceView(deps))
  return refuseTakenIsbn(deps, () =>
    deps.database.transaction(
      async (tx) => {
        await lockBook(tx, id)
        await editHeld(tx, deps, id, edit)
        return readStored(tx, deps, id)
      },
      { retry: true },
    ),
  )
}

/** The same, to a book that the transaction holds. */
export async function editHeld(
  tx: Queryable,
  deps: CatalogDeps,
  id: string,
  edit: Omit<Edit, 'reference'>,
): Promise<void> {
  const current = await findBook(tx, id, priceView(deps))
  edit.checkVersion(current.version)
  const draft = await withNames(tx, deps, draftFrom(deps, edit.next(publicBook(current)), current))
  const changes = changesBetween(current, draft)
  const changed = changedGroups(changes)
  if (changed.length === 0) return
  const { accountId: actor } = edit.actor
  const version = current.version + 1
  await storeAsStaff(tx, deps, { id, version, draft, changed }, changed)
  await recordHistory(tx, [{ bookId: id, version, actor, action: edit.action, changes }], deps.now())
}
