import { type Queryable, sql } from '@colophon/postgres'
import { type NameQuery, pageByName } from '../names/page-by-name.ts'
import { subjectColumns } from './find-subject.ts'
import type { Subject } from './schemas.ts'

const subjects = {
  table: sql`catalog.subjects`,
  columns: subjectColumns,
  sortKey: sql`named.text collate "und-x-icu"`,
}

/** One page of the subjects, by text. @throws Problem invalid_cursor */
export function listSubjects(db: Queryable, query: NameQuery & { scheme?: string }) {
  const { scheme } = query
  return pageByName<Subject>(db, subjects, query, scheme ? { where: sql`named.scheme = ${scheme}` } : {})
}
