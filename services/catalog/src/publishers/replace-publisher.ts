import type { Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { tidy } from '../books/draft.ts'
import { queueReindex } from '../books/reindex-books.ts'
import type { CatalogDeps } from '../deps.ts'
import { keepAlias } from '../names/aliases.ts'
import { nameWords } from '../names/name-words.ts'
import { recordNameChange } from '../names/record-change.ts'
import { nameKey } from '../search/words.ts'
import { lockPublisher, publisherColumns } from './find-publisher.ts'
import { refuseTakenName } from './name-taken.ts'
import type { Publisher, PublisherInput } from './schemas.ts'

/**
 * Renames a publisher; its books follow soon, and feeds that write the old name find it still. A change that changes nothing leaves the version.
 * @param checkVersion throws when the version is not the one the client has seen
 * @throws Problem publisher_not_found, publisher_name_taken
 */
export async function replacePublisher(
  deps: CatalogDeps,
  actor: Identity,
  id: string,
  input: PublisherInput,
  checkVersion: (version: number) => void,
): Promise<Publisher> {
  const name = tidy(input.name)
  const publisher = await refuseTakenName(deps.database, name, () =>
    deps.database.transaction(async (tx) => {
      const before = await lockPublisher(tx, id)
      checkVersion(before.version)
      if (before.name === name) return before
      await queueReindex(tx, sql`select id as book_id from catalog.books where publisher_id = ${id}`)
      await keepAlias(tx, 'publisher', id, nameKey(name))
      const at = deps.now()
      const after = await tx.one<Publisher>(sql`
        update catalog.publishers as named
        set name = ${name}, name_key = ${nameKey(name)}, words = ${nameWords(name)}::tsvector,
          version = version + 1, updated_at = ${at}
        where id = ${id} returning ${publisherColumns}`)
      await recordNameChange(tx, { kind: 'publisher', actor, at, before, after })
      return after
    }),
  )
  deps.reindexSoon()
  return publisher
}
