import type { Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import { dropAliases } from '../names/aliases.ts'
import { recordNameChange } from '../names/record-change.ts'
import { catalogProblem } from '../problems.ts'
import { lockContributor } from './find-contributor.ts'

/**
 * Removes a contributor that no book credits. Deleted books lose the credit: one that comes back is written anew.
 * @param checkVersion throws when the version is not the one the client has seen
 * @throws Problem contributor_not_found, contributor_in_use
 */
export async function deleteContributor(
  { database, now }: CatalogDeps,
  actor: Identity,
  id: string,
  checkVersion: (version: number) => void,
): Promise<void> {
  await database.transaction(async (tx) => {
    const contributor = await lockContributor(tx, id)
    checkVersion(contributor.version)
    const { books } = await tx.one<{ books: number }>(sql`
      select count(distinct book.id) as books
      from catalog.book_contributors credit join catalog.books book on book.id = credit.book_id
      where credit.contributor_id = ${id} and book.deleted_at is null`)
    if (books > 0) {
      const credit = books === 1 ? '1 book credits' : `${books} books credit`
      throw catalogProblem('contributor_in_use', `${credit} "${contributor.name}": change those first`, {
        extra: { books },
      })
    }
    await tx.query(sql`delete from catalog.book_contributors where contributor_id = ${id}`)
    await tx.query(sql`delete from catalog.contributors where id = ${id}`)
    await dropAliases(tx, 'contributor', id)
    await recordNameChange(tx, { kind: 'contributor', actor, at: now(), before: contributor, after: null })
  })
}
