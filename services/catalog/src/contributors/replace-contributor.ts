import type { Identity } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import { queueReindex } from '../books/reindex-books.ts'
import type { CatalogDeps } from '../deps.ts'
import { keepAlias } from '../names/aliases.ts'
import { nameWords } from '../names/name-words.ts'
import { recordNameChange } from '../names/record-change.ts'
import { type ContributorDraft, contributorDraft } from './draft.ts'
import { contributorColumns, lockContributor } from './find-contributor.ts'
import { refuseTakenName } from './name-taken.ts'
import type { Contributor, ContributorInput } from './schemas.ts'

/**
 * Changes a contributor; its books follow a new name soon, and feeds that write the old one find it still. A change
 * that changes nothing leaves the version.
 * @param checkVersion throws when the version is not the one the client has seen
 * @throws Problem contributor_not_found, contributor_name_taken
 */
export async function replaceContributor(
  deps: CatalogDeps,
  actor: Identity,
  id: string,
  input: ContributorInput,
  checkVersion: (version: number) => void,
): Promise<Contributor> {
  const draft = contributorDraft(input)
  const contributor = await refuseTakenName(deps.database, draft, () =>
    deps.database.transaction(async (tx) => {
      const before = await lockContributor(tx, id)
      checkVersion(before.version)
      if (isSame(before, draft)) return before
      if (before.name !== draft.name) {
        await queueReindex(
          tx,
          sql`select book_id from catalog.book_contributors where contributor_id = ${id}`,
        )
      }
      await keepAlias(tx, 'contributor', id, draft.nameKey)
      const at = deps.now()
      const after = await store(tx, id, draft, at)
      await recordNameChange(tx, { kind: 'contributor', actor, at, before, after })
      return after
    }),
  )
  deps.reindexSoon()
  return contributor
}

function isSame(contributor: Contributor, draft: ContributorDraft): boolean {
  return (
    contributor.name === draft.name &&
    contributor.sortName === draft.sortName &&
    contributor.kind === draft.kind &&
    (contributor.disambiguation ?? '') === draft.disambiguation
  )
}

function store(tx: Queryable, id: string, draft: ContributorDraft, now: Date): Promise<Contributor> {
  return tx.one<Contributor>(sql`
    update catalog.contributors as named
    set kind = ${draft.kind}, name = ${draft.name}, disambiguation = ${draft.disambiguation},
      name_key = ${draft.nameKey}, sort_name = ${draft.sortName}, words = ${nameWords(draft.name)}::tsvector,
      version = version + 1, updated_at = ${now}
    where id = ${id} returning ${contributorColumns}`)
}
