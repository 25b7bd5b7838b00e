import { isUniqueViolation, type Queryable, sql } from '@colophon/postgres'
import { catalogProblem } from '../problems.ts'
import { nameKey } from '../search/words.ts'

/**
 * Runs a write and turns the database's refusal of a second publisher of one name into the problem that names
 * the first. The constraint decides and no look-up before it, so that two writers at once cannot both pass.
 */
export async function refuseTakenName<T>(db: Queryable, name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!isUniqueViolation(error, 'publishers_name_key_key')) throw error
    const holder = await db.maybeOne<{ id: string; name: string }>(
      sql`select id, name from catalog.publishers where name_key = ${nameKey(name)}`,
    )
    const which = holder ? `"${holder.name}" (${holder.id})` : 'another publisher'
    throw catalogProblem('publisher_exists', `${which} is the same name as "${name}"`, {
      cause: error,
      ...(holder && { extra: { publisherId: holder.id } }),
    })
  }
}
