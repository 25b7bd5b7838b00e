import { type Queryable, type Sql, sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import { type Findable, searchDocument } from '../search/document.ts'
import { learnWords } from '../search/learn-words.ts'

/** Small enough that a batch holds its locks for a moment only. */
const batchSize = 200

/** Queues the selected books to be indexed again, in the transaction that changes a name they carry. */
export async function queueReindex(tx: Queryable, bookIds: Sql): Promise<void> {
  await tx.query(sql`
    insert into catalog.reindex_queue (book_id) select distinct book_id from (${bookIds}) as changed`)
}

/**
 * Works off one batch of the queue: search columns anew, and the version raised, since what the book shows
 * has changed. Several processes may do it at once. The queue may hold books that are no more, or one twice.
 * @returns how many entries were taken from the queue; 0 when it is empty
 */
export async function reindexBatch({ database, now }: CatalogDeps): Promise<number> {
  return database.transaction(
    async (tx) => {
      const taken = await tx.query<{ id: string }>(sql`
        delete from catalog.reindex_queue where book_id in (
          select book_id from catalog.reindex_queue order by book_id limit ${batchSize} for update skip locked)
        returning book_id as id`)
      const ids = taken.map(({ id }) => id)
      // Held before they are read: a statement that waits for a row sees its new values, but not the new credits.
      await tx.query(sql`select from catalog.books where id = any(${ids}::uuid[]) order by id for update`)
      const books = await tx.query<Findable & { id: string }>(sql`
        select book.id, book.title, book.subtitle, book.language, book.year, book.format,
          (select json_build_object('id', publisher.id, 'name', publisher.name)
            from catalog.publishers publisher where publisher.id = book.publisher_id) as publisher,
          (select coalesce(json_agg(json_build_object('id', contributor.id, 'name', contributor.name)
            order by credit.position), '[]')
            from catalog.book_contributors credit join catalog.contributors contributor
              on contributor.id = credit.contributor_id
            where credit.book_id = book.id) as contributors,
          (select coalesce(json_agg(json_build_object('id', subject.id, 'text', subject.text)
            order by place.position), '[]')
            from catalog.book_subjects place join catalog.subjects subject on subject.id = place.subject_id
            where place.book_id = book.id) as subjects
        from catalog.books book where book.id = any(${ids}::uuid[])`)
      const documents = books.map((book) => searchDocument(book))
      await tx.query(sql`
        update catalog.books book
        set search = given.search::tsvector, version = book.version + 1, updated_at = ${now()}
        from unnest(${books.map(({ id }) => id)}::uuid[], ${documents.map(({ vector }) => vector)}::text[])
          as given (id, search)
        where book.id = given.id`)
      await learnWords(tx, new Set(documents.flatMap(({ vocabulary }) => vocabulary)))
      return taken.length
    },
    { retry: true },
  )
}
