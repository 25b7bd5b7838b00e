import { sql } from '@colophon/postgres'

/** Where each kind of name is. */
export const nameTables = {
  contributor: sql`catalog.contributors`,
  publisher: sql`catalog.publishers`,
  subject: sql`catalog.subjects`,
}

export type NameKind = keyof typeof nameTables
