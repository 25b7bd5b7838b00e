import { type Queryable, sql } from '@colophon/postgres'

/** Adds what is new to the words that misspelt queries are compared with. */
export async function learnWords(tx: Queryable, vocabulary: ReadonlySet<string>): Promise<void> {
  // Sorted, so that two writers that learn the same words wait for each other and never deadlock.
  const words = [...vocabulary].sort()
  await tx.query(sql`
    insert into catalog.words (word)
    select word from unnest(${words}::text[]) as given (word)
    where not exists (select from catalog.words known where known.word = given.word)
    on conflict do nothing`)
}
