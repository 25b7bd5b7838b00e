import type { FieldProblem, Identity } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import { type CatalogDeps, priceView } from '../deps.ts'
import { catalogProblem } from '../problems.ts'
import type { Book, BookInput } from '../schemas.ts'
import { changedGroups, changesBetween } from './changes.ts'
import { type BookDraft, draftOf, type Fed } from './draft.ts'
import type { FieldGroup } from './field-groups.ts'
import { findBook } from './find-book.ts'
import { type HistoryAction, recordHistory } from './history.ts'
import { refuseTakenIsbn } from './isbn-taken.ts'
import { claimGroups, staffSource } from './provenance.ts'
import { type KnownBook, readBook } from './read-books.ts'
import { type ResolvedDraft, resolveNames } from './resolve-names.ts'
import { storeBooks } from './store-books.ts'

/** One write by a person: what is to become of which version of a book. */
export interface Edit {
  /** A book's id or any form of its ISBN. */
  reference: string
  actor: Identity
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
  const view = priceView(deps)
  const { id } = await findBook(deps.database, edit.reference, view)
  return refuseTakenIsbn(deps, () =>
    deps.database.transaction(
      async (tx) => {
        await lockBook(tx, id)
        const current = await findBook(tx, id, view)
        edit.checkVersion(current.version)
        const draft = await withNames(tx, deps, draftFrom(deps, edit.next(publicBook(current)), current))
        const changes = changesBetween(current, draft)
        const changed = changedGroups(changes)
        if (changed.length > 0) {
          const { accountId: actor } = edit.actor
          const version = current.version + 1
          await storeAsStaff(tx, deps, { id, version, draft, changed }, changed)
          await recordHistory(tx, [{ bookId: id, version, actor, action: edit.action, changes }], deps.now())
        }
        return readStored(tx, deps, id)
      },
      { retry: true },
    ),
  )
}

/** Holds a book's row until the transaction ends. */
export async function lockBook(tx: Queryable, id: string): Promise<void> {
  await tx.query(sql`select from catalog.books where id = ${id} for update`)
}

/** The input in the catalogue's own forms. @throws Problem book_invalid */
export function draftFrom({ currency }: CatalogDeps, input: BookInput, fed?: Fed): BookDraft {
  const drafted = draftOf(input, fed)
  if ('issues' in drafted) throw invalid(drafted.issues)
  refuseOtherCurrency(drafted.draft, currency)
  return drafted.draft
}

/**
 * The draft with its names looked up or made. Whoever writes a book that exists holds its row before: everybody
 * takes the book first and names then, so that none waits in a circle.
 * @throws Problem book_invalid
 */
export async function withNames(tx: Queryable, deps: CatalogDeps, draft: BookDraft): Promise<ResolvedDraft> {
  const [resolution] = await resolveNames(tx, [draft], deps.newId)
  if (!resolution || 'issues' in resolution) throw invalid(resolution?.issues ?? [])
  return resolution.resolved
}

function invalid(errors: readonly FieldProblem[]) {
  const [first] = errors
  return catalogProblem('book_invalid', first ? `${first.path}: ${first.message}` : 'see errors', { errors })
}

function refuseOtherCurrency(draft: BookDraft, currency: string): void {
  if (draft.price === null || draft.price.currency === currency) return
  const message = `this shop sells in ${currency}`
  throw invalid([{ path: '/price/currency', code: 'currency_other', message }])
}

/** Writes a book with staff as the source of these groups. */
export async function storeAsStaff(
  tx: Queryable,
  deps: CatalogDeps,
  write: Parameters<typeof storeBooks>[1][number],
  groups: readonly FieldGroup[],
): Promise<void> {
  await storeBooks(tx, [write], { now: deps.now(), currency: deps.currency })
  const { id } = write
  const claim = { source: staffSource, recordId: id, bookId: id, groups, fields: [], recordHash: null }
  await claimGroups(tx, [claim], deps.now())
}

/** The book as the transaction has just written it. */
export async function readStored(tx: Queryable, deps: CatalogDeps, id: string): Promise<Book> {
  const book = await readBook(tx, id, priceView(deps))
  if (!book) throw new Error(`book ${id} is gone within the transaction that wrote it`)
  return publicBook(book)
}

/** The book without what only the catalogue itself needs to know. */
export function publicBook({ deletedAt: _, isAhead: __, ...book }: KnownBook): Book {
  return book
}
