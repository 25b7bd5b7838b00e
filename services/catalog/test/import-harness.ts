import { type Queryable, sql } from '@colophon/postgres'
import type { CatalogDeps } from '../src/deps.ts'
import { type ImportIssue, type ImportOptions, type ImportReport, importBooks } from '../src/import/index.ts'

/** A text as a file to be imported, in chunks as a disk gives them. */
export function feedOf(text: string, name = 'shop.csv'): ImportOptions['feed'] {
  return { name, bytes: chunksOf(Buffer.from(text)), size: Buffer.byteLength(text), close() {} }
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

export interface Imported {
  report: ImportReport
  issues: ImportIssue[]
}

/** Imports a text and gives what was said about it. */
export async function importText(
  deps: CatalogDeps,
  text: string,
  options: Partial<ImportOptions> = {},
): Promise<Imported> {
  const issues: ImportIssue[] = []
  const report = await importBooks(deps, {
    feed: feedOf(text),
    onIssue: (issue) => issues.push(issue),
    ...options,
  })
  return { report, issues }
}

/** As many valid ISBN-13s as wanted. */
export function isbns(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const digits = `978${String(100_000_000 + index)}`
    const sum = [...digits].reduce((total, digit, place) => total + Number(digit) * (place % 2 ? 3 : 1), 0)
    return digits + ((10 - (sum % 10)) % 10)
  })
}

/** All that the catalogue has, but for ids and times, to be compared. */
export async function contents(db: Queryable): Promise<unknown> {
  return db.query(sql`
    select book.title, book.version, book.year, book.language, book.price_today, book.search::text,
      book.deleted_at is not null as deleted,
      (select value from catalog.identifiers where book_id = book.id) as isbn13,
      array(select contributor.name || ' ' || credit.role from catalog.book_contributors credit
        join catalog.contributors contributor on contributor.id = contributor_id
        where book_id = book.id order by position) as contributors,
      (select json_agg(json_build_array(source, record_id, groups, fields, record_hash) order by source, record_id)
        from catalog.provenance where book_id = book.id) as provenance,
      (select json_agg(json_build_array(version, actor, action, changes) order by version)
        from catalog.book_history where book_id = book.id) as history
    from catalog.books book order by book.title, book.id`)
}

export async function countBooks(db: Queryable): Promise<number> {
  const { count } = await db.one<{ count: number }>(sql`select count(*) as count from catalog.books`)
  return count
}
