import { empty, type Queryable, type Sql, sql } from '@colophon/postgres'
import { catalogProblem } from '../problems.ts'
import { countBooks } from '../search/count.ts'
import { booksOfPublisher } from './books-of-publisher.ts'
import type { Publisher, PublisherDetail } from './schemas.ts'

/** The public fields of the row `named` of catalog.publishers. */
export const publisherColumns = sql`named.id, named.name, named.version`

/** @throws Problem publisher_not_found */
export async function findPublisher(db: Queryable, id: string, lock: Sql = empty): Promise<Publisher> {
  const found = await db.maybeOne<Publisher>(
    sql`select ${publisherColumns} from catalog.publishers named where named.id = ${id} ${lock}`,
  )
  if (found) return found
  throw catalogProblem('publisher_not_found', `no publisher has the id ${id}`)
}

/**
 * Holds a publisher's row until the transaction ends: no book can become one of its meanwhile, and whoever was
 * writing one is done.
 * @throws Problem publisher_not_found
 */
export function lockPublisher(tx: Queryable, id: string): Promise<Publisher> {
  return findPublisher(tx, id, sql`for update`)
}

/** A publisher with the number of its books. @throws Problem publisher_not_found */
export async function findPublisherDetail(db: Queryable, id: string): Promise<PublisherDetail> {
  const publisher = await findPublisher(db, id)
  const { total, totalIsExact } = await countBooks(db, booksOfPublisher(id))
  return { ...publisher, books: total, booksIsExact: totalIsExact }
}
