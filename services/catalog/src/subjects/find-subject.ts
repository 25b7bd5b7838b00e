import { empty, type Queryable, type Sql, sql } from '@colophon/postgres'
import { catalogProblem } from '../problems.ts'
import { countBooks } from '../search/count.ts'
import { booksOnSubject } from './books-on-subject.ts'
import type { Subject, SubjectDetail } from './schemas.ts'

/** The public fields of the row `named` of catalog.subjects. */
export const subjectColumns = sql`named.id, named.scheme, named.code, named.text, named.version`

/** @throws Problem subject_not_found */
export async function findSubject(db: Queryable, id: string, lock: Sql = empty): Promise<Subject> {
  const found = await db.maybeOne<Subject>(
    sql`select ${subjectColumns} from catalog.subjects named where named.id = ${id} ${lock}`,
  )
  if (found) return found
  throw catalogProblem('subject_not_found', `no subject has the id ${id}`)
}

/** Holds a subject's row until the transaction ends. @throws Problem subject_not_found */
export function lockSubject(tx: Queryable, id: string): Promise<Subject> {
  return findSubject(tx, id, sql`for update`)
}

/** A subject with the number of its books. @throws Problem subject_not_found */
export async function findSubjectDetail(db: Queryable, id: string): Promise<SubjectDetail> {
  const subject = await findSubject(db, id)
  const { total, totalIsExact } = await countBooks(db, booksOnSubject(id))
  return { ...subject, books: total, booksIsExact: totalIsExact }
}
