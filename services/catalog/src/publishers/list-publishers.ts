import { type Queryable, sql } from '@colophon/postgres'
import { type NameQuery, pageByName } from '../names/page-by-name.ts'
import { publisherColumns } from './find-publisher.ts'
import type { Publisher } from './schemas.ts'

const publishers = {
  table: sql`catalog.publishers`,
  columns: publisherColumns,
  sortKey: sql`named.name collate "und-x-icu"`,
}

/** One page of the publishers, by name. @throws Problem invalid_cursor */
export function listPublishers(db: Queryable, query: NameQuery) {
  return pageByName<Publisher>(db, publishers, query)
}
