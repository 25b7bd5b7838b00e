import { type Queryable, sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import { recordDecision, sampleSource } from './decision.ts'

/** Small enough that a batch holds its locks for a moment only. */
const batchSize = 500

/**
 * Takes the sample's books away with all that hangs on them and the contributors nobody else has. Books that
 * staff or another feed speak for too are kept.
 */
export async function removeSample({
  database,
  now,
}: CatalogDeps): Promise<{ removed: number; kept: number }> {
  let removed = 0
  for (;;) {
    const batch = await database.transaction((tx) => removeBatch(tx), { retry: true })
    removed += batch
    if (batch < batchSize) break
  }
  const { kept } = await database.one<{ kept: number }>(sql`
    select count(*) as kept from catalog.provenance where source = ${sampleSource}`)
  await recordDecision(database, 'removed', now())
  return { removed, kept }
}

async function removeBatch(tx: Queryable): Promise<number> {
  const books = await tx.query<{ id: string }>(sql`
    select book.id from catalog.books book join catalog.provenance own on own.book_id = book.id
    where own.source = ${sampleSource} and not exists (
      select from catalog.provenance other where other.book_id = book.id and other.source <> ${sampleSource})
    order by book.id limit ${batchSize} for update of book`)
  const ids = books.map(({ id }) => id)
  const credited = await tx.query<{ id: string }>(sql`
    select distinct contributor_id as id from catalog.book_contributors where book_id = any(${ids}::uuid[])`)
  await tx.query(sql`delete from catalog.books where id = any(${ids}::uuid[])`)
  await tx.query(sql`
    delete from catalog.contributors contributor where id = any(${credited.map(({ id }) => id)}::uuid[])
      and not exists (select from catalog.book_contributors credit where credit.contributor_id = contributor.id)`)
  return ids.length
}
