import type { Identity } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import { type CatalogDeps, priceView } from '../deps.ts'
import type { Book, BookInput } from '../schemas.ts'
import { statedGroups } from './changes.ts'
import { recordHistory } from './history.ts'
import { refuseTakenIsbn } from './isbn-taken.ts'
import { type KnownBook, readBook } from './read-books.ts'
import { restore } from './restore-book.ts'
import { draftFrom, readStored, storeAsStaff, withNames } from './staff-write.ts'

/**
 * Makes a book, or brings back the deleted one of the same ISBN.
 * @throws Problem isbn_taken naming the book that has the ISBN, book_invalid
 */
export async function createBook(deps: CatalogDeps, actor: Identity, input: BookInput): Promise<Book> {
  const given = draftFrom(deps, input)
  return refuseTakenIsbn(deps, () =>
    deps.database.transaction(
      async (tx) => {
        const deleted = given.isbn13 === null ? undefined : await deletedBook(tx, deps, given.isbn13)
        if (deleted) return restore(tx, deps, actor, deleted, input)
        const draft = await withNames(tx, deps, given)
        const id = deps.newId()
        await storeAsStaff(tx, deps, { id, version: 1, draft, changed: 'all' }, statedGroups(given))
        const entry = {
          bookId: id,
          version: 1,
          actor: actor.accountId,
          action: 'created',
          changes: {},
        } as const
        await recordHistory(tx, [entry], deps.now())
        return readStored(tx, deps, id)
      },
      { retry: true },
    ),
  )
}

async function deletedBook(tx: Queryable, deps: CatalogDeps, isbn13: string): Promise<KnownBook | undefined> {
  const row = await tx.maybeOne<{ id: string }>(sql`
    select book.id from catalog.books book join catalog.identifiers identifier on identifier.book_id = book.id
    where identifier.scheme = 'isbn13' and identifier.value = ${isbn13} and book.deleted_at is not null
    for update of book`)
  return row && readBook(tx, row.id, priceView(deps))
}
