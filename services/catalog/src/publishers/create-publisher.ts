import type { Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { tidy } from '../books/draft.ts'
import type { CatalogDeps } from '../deps.ts'
import { nameWords } from '../names/name-words.ts'
import { recordNameChange } from '../names/record-change.ts'
import { nameKey } from '../search/words.ts'
import { publisherColumns } from './find-publisher.ts'
import { refuseTakenName } from './name-taken.ts'
import type { Publisher, PublisherInput } from './schemas.ts'

/** Makes a publisher. @throws Problem publisher_name_taken naming the one that has the name */
export async function createPublisher(
  { database, newId, now }: CatalogDeps,
  actor: Identity,
  input: PublisherInput,
): Promise<Publisher> {
  const name = tidy(input.name)
  const at = now()
  return refuseTakenName(database, name, () =>
    database.transaction(async (tx) => {
      const publisher = await tx.one<Publisher>(sql`
        insert into catalog.publishers as named (id, name, name_key, words, created_at, updated_at)
        values (${newId()}, ${name}, ${nameKey(name)}, ${nameWords(name)}::tsvector, ${at}, ${at})
        returning ${publisherColumns}`)
      await recordNameChange(tx, { kind: 'publisher', actor, at, before: null, after: publisher })
      return publisher
    }),
  )
}
