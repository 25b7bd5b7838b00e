import { type Queryable, sql } from '@colophon/postgres'

/** The provenance of the sample's books. */
export const sampleSource = 'sample'

export type SampleDecision = 'loaded' | 'removed' | 'declined'

/** Whether a shop has the sample, had it, or did not want it; undefined for a shop that was never asked. */
export async function sampleDecision(db: Queryable): Promise<SampleDecision | undefined> {
  const row = await db.maybeOne<{ state: SampleDecision }>(sql`select state from catalog.sample`)
  return row?.state
}

/** Whether staff or a feed have brought books into the shop. */
export async function hasOtherBooks(db: Queryable): Promise<boolean> {
  const { others } = await db.one<{ others: boolean }>(sql`
    select exists (select from catalog.provenance where source <> ${sampleSource}) as others`)
  return others
}

/** Every book that the sample speaks for, alone or among others. */
export async function sampleBookIds(db: Queryable): Promise<string[]> {
  const books = await db.query<{ id: string }>(sql`
    select distinct book_id as id from catalog.provenance where source = ${sampleSource}`)
  return books.map(({ id }) => id)
}

export async function recordDecision(db: Queryable, state: SampleDecision, now: Date): Promise<void> {
  await db.query(sql`
    insert into catalog.sample (state, decided_at) values (${state}, ${now})
    on conflict (only_row) do update set state = excluded.state, decided_at = excluded.decided_at`)
}
