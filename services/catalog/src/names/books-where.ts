import { type Sql, sql } from '@colophon/postgres'
import type { Selection } from '../search/selection.ts'

/**
 * The books that a condition on `book` holds for, deleted ones left out.
 * @param byYear whether they may all lie in some past years, as those of an author or a publisher do: walking
 * from the newest could pass a million books before the first of them
 */
export function booksWhere(condition: Sql, { byYear }: { byYear: boolean }): Selection {
  return {
    where: sql`book.deleted_at is null and ${condition}`,
    words: null,
    titleKey: '',
    byYear,
    correctedQuery: null,
  }
}
