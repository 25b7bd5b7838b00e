import { type Queryable, sql } from '@colophon/postgres'
import { refuseTaken } from '../names/refuse-taken.ts'
import { catalogProblem } from '../problems.ts'
import type { ContributorDraft } from './draft.ts'

/** Runs a write and refuses a second contributor of one name. @throws Problem contributor_name_taken naming the first */
export function refuseTakenName<T>(
  db: Queryable,
  { name, nameKey, disambiguation }: ContributorDraft,
  write: () => Promise<T>,
): Promise<T> {
  return refuseTaken('contributors_name_key_disambiguation_key', write, async (cause) => {
    const holder = await db.maybeOne<{ id: string; name: string }>(sql`
      select id, name from catalog.contributors
      where name_key = ${nameKey} and disambiguation = ${disambiguation}`)
    const which = holder ? `"${holder.name}" (${holder.id})` : 'another contributor'
    return catalogProblem(
      'contributor_name_taken',
      `${which} is the same name as "${name}": give this one a disambiguation if it is somebody else`,
      { cause, ...(holder && { extra: { contributorId: holder.id } }) },
    )
  })
}
