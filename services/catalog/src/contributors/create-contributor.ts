import type { Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import { nameWords } from '../names/name-words.ts'
import { recordNameChange } from '../names/record-change.ts'
import { contributorDraft } from './draft.ts'
import { contributorColumns } from './find-contributor.ts'
import { refuseTakenName } from './name-taken.ts'
import type { Contributor, ContributorInput } from './schemas.ts'

/** Makes a contributor. @throws Problem contributor_name_taken naming the one that has the name */
export async function createContributor(
  { database, newId, now }: CatalogDeps,
  actor: Identity,
  input: ContributorInput,
): Promise<Contributor> {
  const draft = contributorDraft(input)
  const at = now()
  return refuseTakenName(database, draft, () =>
    database.transaction(async (tx) => {
      const contributor = await tx.one<Contributor>(sql`
        insert into catalog.contributors as named (id, kind, name, disambiguation, name_key, sort_name,
          words, created_at, updated_at)
        values (${newId()}, ${draft.kind}, ${draft.name}, ${draft.disambiguation}, ${draft.nameKey},
          ${draft.sortName}, ${nameWords(draft.name)}::tsvector, ${at}, ${at})
        returning ${contributorColumns}`)
      await recordNameChange(tx, { kind: 'contributor', actor, at, before: null, after: contributor })
      return contributor
    }),
  )
}
