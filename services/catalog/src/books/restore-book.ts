import { etagOf, httpProblem, type Identity } from '@colophon/http'
import type { Transaction } from '@colophon/postgres'
import { type CatalogDeps, priceView } from '../deps.ts'
import type { Book, BookInput } from '../schemas.ts'
import { changesBetween, statedGroups } from './changes.ts'
import { groupNames } from './field-groups.ts'
import { findKnownBook } from './find-book.ts'
import { recordHistory } from './history.ts'
import { refuseTakenIsbn } from './isbn-taken.ts'
import type { KnownBook } from './read-books.ts'
import { draftFrom, lockBook, readStored, storeAsStaff, withNames } from './staff-write.ts'

/**
 * Brings back a deleted book, with its id and history, as the input says.
 * @throws Problem precondition_failed when it is not deleted; book_reference_invalid, book_not_found, isbn_taken,
 * book_invalid
 */
export async function restoreBook(
  deps: CatalogDeps,
  actor: Identity,
  reference: string,
  input: BookInput,
): Promise<Book> {
  const view = priceView(deps)
  const { id } = await findKnownBook(deps.database, reference, view)
  return refuseTakenIsbn(deps, () =>
    deps.database.transaction(
      async (tx) => {
        await lockBook(tx, id)
        const book = await findKnownBook(tx, id, view)
        if (book.deletedAt === null) throw notDeleted(book)
        return restore(tx, deps, actor, book, input)
      },
      { retry: true },
    ),
  )
}

function notDeleted({ title, version }: Book) {
  const etag = etagOf(version)
  const detail = `the book "${title}" is not deleted: to replace it send If-Match, such as ${etag}`
  return httpProblem('precondition_failed', detail, { headers: { etag } })
}

/** The same in a transaction that holds the book's row. Stock and popularity stay unless the input says. */
export async function restore(
  tx: Transaction,
  deps: CatalogDeps,
  actor: Identity,
  deleted: KnownBook,
  input: BookInput,
): Promise<Book> {
  const { id } = deleted
  const version = deleted.version + 1
  const draft = await withNames(tx, deps, draftFrom(deps, input, deleted))
  const said = statedGroups(draftFrom(deps, input))
  await storeAsStaff(tx, deps, { id, version, draft, changed: groupNames }, said)
  const changes = changesBetween(deleted, draft)
  const entry = { bookId: id, version, actor: actor.accountId, action: 'restored', changes } as const
  await recordHistory(tx, [entry], deps.now())
  return readStored(tx, deps, id)
}
