import { type Queryable, raw, sql } from '@colophon/postgres'
import { searchDocument } from '../search/document.ts'
import { learnWords } from '../search/learn-words.ts'
import { nameKey } from '../search/words.ts'
import type { FieldGroup } from './field-groups.ts'
import type { ResolvedDraft } from './resolve-names.ts'
import { titleSort } from './title-sort.ts'

/** One book to be written: made when it is new, else brought to what the draft says. */
export interface BookWrite {
  id: string
  /** The version it will have. */
  version: number
  draft: ResolvedDraft
  /** The groups of fields that differ from what is stored; `all` for a new book. */
  changed: readonly FieldGroup[] | 'all'
}

export interface StoreOptions {
  now: Date
  /** The shop's currency. */
  currency: string
}

/**
 * Writes books with all that hangs on them, many in a handful of statements. The caller's transaction holds
 * the rows of those that exist.
 * @throws the database's unique violation of `identifiers_pkey` when an ISBN belongs to another book
 */
export async function storeBooks(
  tx: Queryable,
  writes: readonly BookWrite[],
  options: StoreOptions,
): Promise<void> {
  if (writes.length === 0) return
  await storeRows(tx, writes, options)
  await storeIdentifiers(tx, touching(writes, 'isbn'))
  await storeCredits(tx, touching(writes, 'contributors'))
  await storeSubjects(tx, touching(writes, 'subjects'))
  await storeTexts(tx, touching(writes, 'texts'))
  await storePrices(tx, touching(writes, 'price'), options.currency)
}

/** The writes that touch a group: [new ones and changed ones], and the ids whose old rows must go first. */
function touching(writes: readonly BookWrite[], group: FieldGroup): { writes: BookWrite[]; stale: string[] } {
  const touched = writes.filter(({ changed }) => changed === 'all' || changed.includes(group))
  return { writes: touched, stale: touched.filter(({ changed }) => changed !== 'all').map(({ id }) => id) }
}

type Touched = ReturnType<typeof touching>

async function storeRows(
  tx: Queryable,
  writes: readonly BookWrite[],
  { now, currency }: StoreOptions,
): Promise<void> {
  const vocabulary = new Set<string>()
  const rows = writes.map(({ id, version, draft }) => {
    const document = searchDocument(draft)
    for (const word of document.vocabulary) vocabulary.add(word)
    return { id, version, ...columnsOf(draft, currency), search: document.vector }
  })
  const [{ id: _, ...changing } = {}] = rows
  const names = Object.keys(changing)
  const columns = raw(names.join(', '))
  // The id is not among what is set: PostgreSQL would lock the row as if it changed, against whoever refers to it.
  await tx.query(sql`
    insert into catalog.books (id, ${columns}, created_at, updated_at)
    select id, ${columns}, ${now}, ${now}
    from jsonb_populate_recordset(null::catalog.books, ${JSON.stringify(rows)}::jsonb)
    on conflict (id) do update set ${raw(names.map((name) => `${name} = excluded.${name}`).join(', '))},
      updated_at = excluded.updated_at, deleted_at = null`)
  await learnWords(tx, vocabulary)
}

/** What is stored of a draft in its own row, by the columns' names. */
function columnsOf(draft: ResolvedDraft, currency: string) {
  return {
    title: draft.title,
    subtitle: draft.subtitle,
    language: draft.language,
    year: draft.year,
    published_on: draft.publishedOn,
    format: draft.format,
    pages: draft.pages,
    publisher_id: draft.publisher?.id ?? null,
    cover_url: draft.coverUrl,
    availability: draft.availability,
    in_stock: draft.inStock,
    popularity: draft.popularity,
    title_sort: titleSort(draft.title, draft.language),
    title_key: nameKey(draft.title),
    released_order: releasedOrder(draft),
    price_today: draft.price?.currency === currency ? draft.price.amount : null,
  }
}

/** Day of publication as a number that sorts: yyyymmdd, the year's first day when only the year is known. */
export function releasedOrder({
  publishedOn,
  year,
}: {
  publishedOn: string | null
  year: number | null
}): number {
  if (publishedOn !== null) return Number(publishedOn.replaceAll('-', ''))
  return year === null ? -2_147_483_648 : year * 10_000 + 101
}

async function storeIdentifiers(tx: Queryable, { writes, stale }: Touched): Promise<void> {
  if (stale.length > 0) {
    await tx.query(
      sql`delete from catalog.identifiers where scheme = 'isbn13' and book_id = any(${stale}::uuid[])`,
    )
  }
  const identified = writes.filter(({ draft }) => draft.isbn13 !== null)
  if (identified.length === 0) return
  await tx.query(sql`
    insert into catalog.identifiers (scheme, value, book_id)
    select 'isbn13', * from unnest(${identified.map(({ draft }) => draft.isbn13)}::text[],
      ${identified.map(({ id }) => id)}::uuid[])`)
}

async function storeCredits(tx: Queryable, { writes, stale }: Touched): Promise<void> {
  if (stale.length > 0) {
    await tx.query(sql`delete from catalog.book_contributors where book_id = any(${stale}::uuid[])`)
  }
  const rows = writes.flatMap(({ id, draft }) =>
    draft.contributors.map((credit, position) => ({
      id,
      position,
      contributor: credit.id,
      role: credit.role,
    })),
  )
  if (rows.length === 0) return
  await tx.query(sql`
    insert into catalog.book_contributors (book_id, position, contributor_id, role)
    select * from unnest(${rows.map((row) => row.id)}::uuid[], ${rows.map((row) => row.position)}::smallint[],
      ${rows.map((row) => row.contributor)}::uuid[], ${rows.map((row) => row.role)}::text[])`)
}

async function storeSubjects(tx: Queryable, { writes, stale }: Touched): Promise<void> {
  if (stale.length > 0) {
    await tx.query(sql`delete from catalog.book_subjects where book_id = any(${stale}::uuid[])`)
  }
  const rows = writes.flatMap(({ id, draft }) =>
    draft.subjects.map((subject, position) => ({ id, position, subject: subject.id })),
  )
  if (rows.length === 0) return
  await tx.query(sql`
    insert into catalog.book_subjects (book_id, position, subject_id)
    select * from unnest(${rows.map((row) => row.id)}::uuid[], ${rows.map((row) => row.position)}::smallint[],
      ${rows.map((row) => row.subject)}::uuid[])`)
}

async function storeTexts(tx: Queryable, { writes, stale }: Touched): Promise<void> {
  if (stale.length > 0) {
    await tx.query(
      sql`delete from catalog.texts where type = 'description' and book_id = any(${stale}::uuid[])`,
    )
  }
  const described = writes.filter(({ draft }) => draft.description !== null)
  if (described.length === 0) return
  await tx.query(sql`
    insert into catalog.texts (book_id, type, text)
    select id, 'description', text from unnest(${described.map(({ id }) => id)}::uuid[],
      ${described.map(({ draft }) => draft.description)}::text[]) as given (id, text)`)
}

/** A price as a book's `price` is the recommended one with tax, everywhere and until it is changed. */
async function storePrices(tx: Queryable, { writes, stale }: Touched, currency: string): Promise<void> {
  if (stale.length > 0) {
    await tx.query(
      sql`delete from catalog.prices where currency = ${currency} and book_id = any(${stale}::uuid[])`,
    )
  }
  const priced = writes.flatMap(({ id, draft }) => (draft.price ? [{ id, ...draft.price }] : []))
  if (priced.length === 0) return
  await tx.query(sql`
    insert into catalog.prices (book_id, type, currency, amount)
    select id, 'rrp_including_tax', currency, amount from unnest(${priced.map(({ id }) => id)}::uuid[],
      ${priced.map((price) => price.currency)}::text[], ${priced.map(({ amount }) => amount)}::integer[])
      as given (id, currency, amount)`)
}
