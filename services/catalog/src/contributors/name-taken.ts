import { isUniqueViolation, type Queryable, sql } from '@colophon/postgres'
import { catalogProblem } from '../problems.ts'
import type { ContributorDraft } from './draft.ts'

/**
 * Runs a write and turns the database's refusal of a second contributor of one name into the problem that names
 * the first. The constraint decides and no look-up before it, so that two writers at once cannot both pass.
 */
export async function refuseTakenName<T>(
  db: Queryable,
  { name, nameKey, disambiguation }: ContributorDraft,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!isUniqueViolation(error, 'contributors_name_key_disambiguation_key')) throw error
    const holder = await db.maybeOne<{ id: string; name: string }>(sql`
      select id, name from catalog.contributors
      where name_key = ${nameKey} and disambiguation = ${disambiguation}`)
    const which = holder ? `"${holder.name}" (${holder.id})` : 'another contributor'
    throw catalogProblem(
      'contributor_exists',
      `${which} is the same name as "${name}": give this one a disambiguation if it is somebody else`,
      { cause: error, ...(holder && { extra: { contributorId: holder.id } }) },
    )
  }
}
