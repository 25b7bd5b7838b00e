import { type Queryable, sql } from '@colophon/postgres'
import { staffSource } from '../books/provenance.ts'
import { type CatalogDeps, priceView } from '../deps.ts'
import { recordDecision, sampleSource } from './decision.ts'
import { disownBooks, type OwnedBook } from './disown-books.ts'

/** Small enough that a batch holds its locks for a moment only. */
const batchSize = 500

export interface Removal {
  removed: number
  kept: number
}

/**
 * Takes the sample's books away with all that hangs on them, and the contributors that nobody else has and no person
 * has changed. Books that staff or another feed speak for too are kept, without the sample's prices and stock.
 * @param keep ids of books that are kept though nobody else speaks for them
 */
export async function removeSample(deps: CatalogDeps, keep: ReadonlySet<string>): Promise<Removal> {
  const { database, now } = deps
  const all: Removal = { removed: 0, kept: 0 }
  for (;;) {
    const batch = await database.transaction((tx) => removeBatch(tx, deps, keep), { retry: true })
    if (!batch) break
    all.removed += batch.removed
    all.kept += batch.kept
  }
  await recordDecision(database, 'removed', now())
  return all
}

/** Null when no book is the sample's any more. */
async function removeBatch(
  tx: Queryable,
  deps: CatalogDeps,
  keep: ReadonlySet<string>,
): Promise<Removal | null> {
  // Held before it is looked at who speaks for them: a statement that waits for a row sees its new values, but not
  // what else its writer has written.
  const held = await tx.query<{ id: string }>(sql`
    select id from catalog.books
    where id in (select book_id from catalog.provenance where source = ${sampleSource})
    order by id limit ${batchSize} for update`)
  if (held.length === 0) return null
  const books = await tx.query<OwnedBook & { isOurs: boolean }>(sql`
    select book_id as id, bool_and(source = ${sampleSource}) as "isOurs",
      bool_or(source = ${sampleSource} and 'price' = any(fields))
        and not bool_or(source = ${staffSource} and 'price' = any(groups)) as "hasPrice",
      bool_or(source = ${sampleSource} and 'inStock' = any(fields))
        and not bool_or(source = ${staffSource} and 'supply' = any(groups)) as "hasStock"
    from catalog.provenance where book_id = any(${held.map(({ id }) => id)}::uuid[]) group by book_id`)
  const isKept = ({ id, isOurs }: (typeof books)[number]) => !isOurs || keep.has(id)
  const ours = books.filter((book) => !isKept(book))
  const kept = books.filter(isKept)
  await deleteBooks(
    tx,
    ours.map(({ id }) => id),
  )
  await disownBooks(tx, kept, { view: priceView(deps), now: deps.now() })
  return { removed: ours.length, kept: kept.length }
}

async function deleteBooks(tx: Queryable, ids: string[]): Promise<void> {
  const credited = await tx.query<{ id: string }>(sql`
    select distinct contributor_id as id from catalog.book_contributors where book_id = any(${ids}::uuid[])`)
  const contributors = credited.map(({ id }) => id)
  await tx.query(sql`delete from catalog.books where id = any(${ids}::uuid[])`)
  // Held as the books are: whoever was crediting one of them is done, and nobody can begin to.
  await tx.query(sql`
    select from catalog.contributors where id = any(${contributors}::uuid[]) order by id for update`)
  await tx.query(sql`
    delete from catalog.contributors contributor where id = any(${contributors}::uuid[])
      and not exists (select from catalog.book_contributors credit where credit.contributor_id = contributor.id)
      and not exists (
        select from catalog.name_history change where change.kind = 'contributor' and change.id = contributor.id)`)
}
