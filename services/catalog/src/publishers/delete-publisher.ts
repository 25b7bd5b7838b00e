import type { Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import { dropAliases } from '../names/aliases.ts'
import { recordNameChange } from '../names/record-change.ts'
import { catalogProblem } from '../problems.ts'
import { lockPublisher } from './find-publisher.ts'

/**
 * Removes a publisher that no book is of. Deleted books lose it: one that comes back is written anew.
 * @param checkVersion throws when the version is not the one the client has seen
 * @throws Problem publisher_not_found, publisher_in_use
 */
export async function deletePublisher(
  { database, now }: CatalogDeps,
  actor: Identity,
  id: string,
  checkVersion: (version: number) => void,
): Promise<void> {
  await database.transaction(
    async (tx) => {
      const publisher = await lockPublisher(tx, id)
      checkVersion(publisher.version)
      const { books } = await tx.one<{ books: number }>(
        sql`select count(*) as books from catalog.books where publisher_id = ${id} and deleted_at is null`,
      )
      if (books > 0) {
        const are = books === 1 ? '1 book is' : `${books} books are`
        throw catalogProblem('publisher_in_use', `${are} of "${publisher.name}": change those first`, {
          extra: { books },
        })
      }
      await tx.query(sql`update catalog.books set publisher_id = null where publisher_id = ${id}`)
      await tx.query(sql`delete from catalog.publishers where id = ${id}`)
      await dropAliases(tx, 'publisher', id)
      await recordNameChange(tx, { kind: 'publisher', actor, at: now(), before: publisher, after: null })
    },
    // Somebody who brings back one of its deleted books has the book first and waits for the name.
    { retry: true },
  )
}
