// The steps that every write of a book by a person is made of: hold the row, draft, look up names, store, read again.
import type { FieldProblem } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import { type CatalogDeps, priceView } from '../deps.ts'
import { catalogProblem } from '../problems.ts'
import type { Book, BookInput } from '../schemas.ts'
import { type BookDraft, draftOf, type Fed } from './draft.ts'
import type { FieldGroup } from './field-groups.ts'
import { claimGroups, staffSource } from './provenance.ts'
import { publicBook, readBook } from './read-books.ts'
import { type ResolvedDraft, resolveNames } from './resolve-names.ts'
import { type BookWrite, storeBooks } from './store-books.ts'

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
  write: BookWrite,
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
