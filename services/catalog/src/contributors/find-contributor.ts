import { empty, type Queryable, type Sql, sql } from '@colophon/postgres'
import { catalogProblem } from '../problems.ts'
import type { Contributor, ContributorDetail } from './schemas.ts'

/** The public fields of the row `named` of catalog.contributors. */
export const contributorColumns = sql`
  named.id, named.name, named.sort_name as "sortName", named.kind,
  nullif(named.disambiguation, '') as disambiguation, named.version`

/** @throws Problem contributor_not_found */
export function findContributor(db: Queryable, id: string): Promise<Contributor> {
  return find(db, id, contributorColumns)
}

/**
 * Holds a contributor's row until the transaction ends: nobody can begin to credit it meanwhile, and whoever
 * was crediting it is done.
 * @throws Problem contributor_not_found
 */
export function lockContributor(tx: Queryable, id: string): Promise<Contributor> {
  return find(tx, id, contributorColumns, sql`for update`)
}

/**
 * A contributor with its roles, the one in most books first.
 * @throws Problem contributor_not_found
 */
export function findContributorDetail(db: Queryable, id: string): Promise<ContributorDetail> {
  return find(
    db,
    id,
    sql`${contributorColumns},
      (select coalesce(json_agg(json_build_object('role', role, 'books', books) order by books desc, role), '[]')
        from (select credit.role, count(distinct book.id) as books
          from catalog.book_contributors credit join catalog.books book on book.id = credit.book_id
          where credit.contributor_id = named.id and book.deleted_at is null
          group by credit.role) as counted) as roles`,
  )
}

async function find<Found>(db: Queryable, id: string, columns: Sql, lock: Sql = empty): Promise<Found> {
  const found = await db.maybeOne<Found>(
    sql`select ${columns} from catalog.contributors named where named.id = ${id} ${lock}`,
  )
  if (found) return found
  throw catalogProblem('contributor_not_found', `no contributor has the id ${id}`)
}
