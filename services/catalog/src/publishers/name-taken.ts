import { type Queryable, sql } from '@colophon/postgres'
import { refuseTaken } from '../names/refuse-taken.ts'
import { catalogProblem } from '../problems.ts'
import { nameKey } from '../search/words.ts'

/** Runs a write and refuses a second publisher of one name. @throws Problem publisher_name_taken naming the first */
export function refuseTakenName<T>(db: Queryable, name: string, write: () => Promise<T>): Promise<T> {
  return refuseTaken('publishers_name_key_key', write, async (cause) => {
    const holder = await db.maybeOne<{ id: string; name: string }>(
      sql`select id, name from catalog.publishers where name_key = ${nameKey(name)}`,
    )
    const which = holder ? `"${holder.name}" (${holder.id})` : 'another publisher'
    return catalogProblem('publisher_name_taken', `${which} is the same name as "${name}"`, {
      cause,
      ...(holder && { extra: { publisherId: holder.id } }),
    })
  })
}
