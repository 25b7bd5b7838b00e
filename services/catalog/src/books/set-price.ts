import { type Queryable, sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import type { Money } from '../schemas.ts'
import { editHeld } from './edit-book.ts'
import { patched } from './patched.ts'

/** What a book costs from now on. */
export interface PriceChange {
  bookId: string
  /** With tax, in the currency of the shop. */
  price: Money
  /** Who says so, for the history: an account's id, or `command`. */
  actor: string
  /** Grows from one change of a book to its next. */
  sequence: number
  /** When it was said, which may be long before it arrives (RFC 3339); absent in messages of older versions. */
  saidAt?: string
}

/**
 * Sets the price of a book as staff would: with a version, history, and staff as its source from now on. A price that
 * is the book's already, a repeat, what is older than what was set last, and what is said of a book that is deleted or
 * unknown change nothing. Nor does what comes late, when staff have changed the price since it was said.
 * @returns whether it is dropped for that
 * @throws Problem book_invalid for another currency
 */
export function setPrice(deps: CatalogDeps, change: PriceChange): Promise<{ isOvertaken: boolean }> {
  const { bookId, price, actor } = change
  return deps.database.transaction(
    async (tx) => {
      if (!(await isNews(tx, change))) return { isOvertaken: false }
      if (await isOvertaken(tx, change)) return { isOvertaken: true }
      await editHeld(tx, deps, bookId, {
        actor: { accountId: actor },
        action: 'priced',
        checkVersion: () => {},
        next: (current) => patched(current, { price }),
      })
      return { isOvertaken: false }
    },
    { retry: true },
  )
}

/** Keeps the change's number, and holds the book until the transaction ends. */
async function isNews(tx: Queryable, { bookId, sequence }: PriceChange): Promise<boolean> {
  const held = await tx.query(sql`
    update catalog.books set price_sequence = ${sequence}
    where id = ${bookId} and deleted_at is null and (price_sequence is null or price_sequence < ${sequence})
    returning id`)
  return held.length > 0
}

/**
 * Whether staff have changed the price since: of a book that is held, whose history nobody adds to meanwhile. That the
 * sample's price was taken away is no word of staff.
 */
async function isOvertaken(tx: Queryable, { bookId, saidAt }: PriceChange): Promise<boolean> {
  if (saidAt === undefined) return false
  const since = await tx.query(sql`
    select from catalog.book_history
    where book_id = ${bookId} and at > ${saidAt} and changes ? 'price'
      and action in ('replaced', 'patched', 'restored') and actor not like 'import:%'
    limit 1`)
  return since.length > 0
}
