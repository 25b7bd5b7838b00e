import { type Queryable, type Sql, sql } from '@colophon/postgres'
import type { Selection } from './selection.ts'

/** Up to here matches are counted one by one; beyond, the planner's estimate is given. */
const exactUpTo = 10_000

/** How many books a query selects. */
export async function countBooks(
  db: Queryable,
  { where }: Selection,
): Promise<{ total: number; totalIsExact: boolean }> {
  const { count } = await db.one<{ count: number }>(sql`
    select count(*) from (select from catalog.books book where ${where} limit ${exactUpTo + 1}) as matches`)
  if (count <= exactUpTo) return { total: count, totalIsExact: true }
  return { total: Math.max(count, await estimateBooks(db, where)), totalIsExact: false }
}

/** About how many books a condition holds for, from the planner's statistics. */
export async function estimateBooks(db: Queryable, where: Sql): Promise<number> {
  const { 'QUERY PLAN': plan } = await db.one<{ 'QUERY PLAN': Plan[] }>(
    sql`explain (format json) select from catalog.books book where ${where}`,
  )
  return plan[0]?.Plan['Plan Rows'] ?? 0
}

interface Plan {
  Plan: { 'Plan Rows': number }
}
