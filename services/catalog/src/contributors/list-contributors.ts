import { type Queryable, type Sql, sql } from '@colophon/postgres'
import type { Role } from '../books/draft.ts'
import { type NameFilter, type NameQuery, pageByName } from '../names/page-by-name.ts'
import { contributorColumns } from './find-contributor.ts'
import type { Contributor } from './schemas.ts'

const contributors = {
  table: sql`catalog.contributors`,
  columns: contributorColumns,
  sortKey: sql`named.sort_name collate "und-x-icu"`,
}

/** One page of the contributors, by sort name. @throws Problem invalid_cursor */
export function listContributors(db: Queryable, query: NameQuery & { role?: Role }) {
  return pageByName<Contributor>(db, contributors, query, query.role ? creditedAs(query.role) : {})
}

/** Contributors credited in a role on a book that is not deleted. */
function creditedAs(role: Role): NameFilter {
  // `offset 0` keeps the planner from working the condition out for everybody before the first is shown.
  const each = sql`exists (
    select from catalog.book_contributors credit join catalog.books book on book.id = credit.book_id
    where credit.contributor_id = named.id and credit.role = ${role} and book.deleted_at is null offset 0)`
  return role === 'author' ? { each } : { each, where: amongThe(role) }
}

/** By an index that leaves out authors: nearly everybody is one, so that the next is never far. */
function amongThe(role: Role): Sql {
  return sql`named.id in (select contributor_id from catalog.book_contributors where role = ${role})`
}
