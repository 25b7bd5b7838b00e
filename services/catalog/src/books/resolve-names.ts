import type { FieldProblem } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import type { Named } from '../names/aliases.ts'
import { nameWords } from '../names/name-words.ts'
import { nameKey } from '../search/words.ts'
import type { BookDraft, Role } from './draft.ts'
import { findOtherSpellings, keysInNaturalOrder, type NamedTable, type Names } from './other-spellings.ts'
import { sortName } from './sort-name.ts'

/** A draft whose contributors, publisher and subjects are known by id and name. */
export interface ResolvedDraft extends Omit<BookDraft, 'contributors' | 'publisher' | 'subjects'> {
  contributors: { id: string; name: string; role: Role }[]
  publisher: { id: string; name: string } | null
  subjects: { id: string; scheme: string; code: string; text: string }[]
}

export type Resolution = { resolved: ResolvedDraft } | { issues: FieldProblem[] }

/**
 * Looks up the contributors, publishers and subjects that drafts name, makes those that are not known yet,
 * and gives each draft back with ids, or with what it refers to in vain.
 */
export async function resolveNames(
  tx: Queryable,
  drafts: readonly BookDraft[],
  newId: () => string,
): Promise<Resolution[]> {
  const contributors = await resolveNamed(
    tx,
    'contributors',
    drafts.flatMap((draft) => draft.contributors),
    newId,
  )
  const publishers = await resolveNamed(
    tx,
    'publishers',
    drafts.flatMap((draft) => draft.publisher ?? []),
    newId,
  )
  const subjects = await resolveSubjects(tx, drafts, newId)
  return drafts.map((draft) => {
    const issues: FieldProblem[] = []
    const credits = draft.contributors.flatMap((credit, index) => {
      const known = find(contributors, credit)
      if (known) return [{ id: known.id, name: known.name, role: credit.role }]
      issues.push(unknownReference(`/contributors/${index}/id`, 'contributor'))
      return []
    })
    const publisher = draft.publisher && find(publishers, draft.publisher)
    if (draft.publisher && !publisher) issues.push(unknownReference('/publisher/id', 'publisher'))
    if (issues.length > 0) return { issues }
    return {
      resolved: {
        ...draft,
        contributors: withoutRepeats(credits),
        publisher: publisher ? { id: publisher.id, name: publisher.name } : null,
        subjects: draft.subjects.map((subject) => ({ ...subject, ...stored(subjects, subject) })),
      },
    }
  })
}

/** Two spellings of one name in one role are one credit. */
function withoutRepeats<T extends { id: string; role: string }>(credits: T[]): T[] {
  return credits.filter(
    (credit, index) =>
      credits.findIndex((other) => other.id === credit.id && other.role === credit.role) === index,
  )
}

function unknownReference(path: string, what: string): FieldProblem {
  return { path, code: 'unknown_reference', message: `no ${what} has this id: list them at /api/${what}s` }
}

type Reference = { id: string } | { name: string }

function find(known: Map<string, Named>, reference: Reference): Named | undefined {
  return known.get('id' in reference ? reference.id : nameKey(reference.name))
}

async function resolveNamed(
  tx: Queryable,
  table: NamedTable,
  references: readonly Reference[],
  newId: () => string,
): Promise<Map<string, Named>> {
  const ids = new Set<string>()
  const names = new Map<string, string>()
  for (const reference of references) {
    if ('id' in reference) ids.add(reference.id)
    else if (!names.has(nameKey(reference.name))) names.set(nameKey(reference.name), reference.name)
  }
  const known = await selectNamed(tx, table, [...ids], [...names.keys()])
  const unknown = withoutKeys(names, known)
  const spelt = await findOtherSpellings(tx, table, unknown)
  const missing = withoutKeys(unknown, spelt)
  if (missing.size === 0) return new Map([...known, ...spelt])
  const turned = table === 'contributors' ? turnedWithin(missing) : new Map<string, string>()
  // In the order of their keys, so that two writers that make the same names wait and never deadlock.
  const news = [...withoutKeys(missing, turned)].sort(([a], [b]) => (a < b ? -1 : 1))
  await insertNamed(tx, table, news, newId)
  const made = await selectNamed(
    tx,
    table,
    [],
    news.map(([key]) => key),
  )
  const same = [...turned].flatMap(([key, natural]) => {
    const named = made.get(natural)
    return named ? [[key, named] as const] : []
  })
  return new Map([...known, ...spelt, ...made, ...same])
}

function withoutKeys(names: Names, keys: ReadonlyMap<string, unknown>): Names {
  return new Map([...names].filter(([key]) => !keys.has(key)))
}

/** Of names with the family name first, the keys of the same names as they are given in natural order too. */
function turnedWithin(names: Names): Map<string, string> {
  const naturalKeys = keysInNaturalOrder(names)
  return new Map([...naturalKeys].filter(([, natural]) => names.has(natural) && !naturalKeys.has(natural)))
}

async function selectNamed(
  tx: Queryable,
  table: NamedTable,
  ids: string[],
  keys: string[],
): Promise<Map<string, Named>> {
  if (ids.length + keys.length === 0) return new Map()
  // Of several people of one name, the one without a note is meant, else the first. Held as a foreign key would
  // hold them, only sooner: a rename waits and then finds this book, a removal waits and then is refused.
  const rows = await tx.query<Named>(
    table === 'contributors'
      ? sql`select id, name, name_key as "nameKey" from catalog.contributors
          where id = any(${ids}::uuid[]) or name_key = any(${keys}::text[])
          order by disambiguation desc for key share`
      : sql`select id, name, name_key as "nameKey" from catalog.publishers
          where id = any(${ids}::uuid[]) or name_key = any(${keys}::text[]) for key share`,
  )
  const byKey = rows.filter((row) => keys.includes(row.nameKey)).map((row) => [row.nameKey, row] as const)
  return new Map([...rows.map((row) => [row.id, row] as const), ...byKey])
}

async function insertNamed(
  tx: Queryable,
  table: NamedTable,
  missing: [key: string, name: string][],
  newId: () => string,
): Promise<void> {
  const ids = missing.map(() => newId())
  const names = missing.map(([, name]) => name)
  const keys = missing.map(([key]) => key)
  const words = names.map((name) => nameWords(name))
  await tx.query(
    table === 'contributors'
      ? sql`insert into catalog.contributors (id, name, name_key, words, sort_name)
          select id, name, key, words::tsvector, sort_name from unnest(${ids}::uuid[], ${names}::text[],
            ${keys}::text[], ${words}::text[], ${names.map(sortName)}::text[])
            as given (id, name, key, words, sort_name)
          on conflict do nothing`
      : sql`insert into catalog.publishers (id, name, name_key, words)
          select id, name, key, words::tsvector from unnest(${ids}::uuid[], ${names}::text[], ${keys}::text[],
            ${words}::text[]) as given (id, name, key, words)
          on conflict do nothing`,
  )
}

function subjectKey({ scheme, code }: { scheme: string; code: string }): string {
  return `${scheme} ${code}`
}

function stored<Subject>(
  subjects: Map<string, Subject>,
  { scheme, code }: { scheme: string; code: string },
): Subject {
  const subject = subjects.get(subjectKey({ scheme, code }))
  if (subject) return subject
  throw new Error(`subject ${scheme}:${code} is gone within the transaction that made it`)
}

async function resolveSubjects(
  tx: Queryable,
  drafts: readonly BookDraft[],
  newId: () => string,
): Promise<Map<string, { id: string; text: string }>> {
  const wanted = new Map(
    drafts.flatMap((draft) => draft.subjects).map((subject) => [subjectKey(subject), subject]),
  )
  if (wanted.size === 0) return new Map()
  const sorted = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, subject]) => subject)
  const schemes = sorted.map((subject) => subject.scheme)
  const codes = sorted.map((subject) => subject.code)
  await tx.query(sql`
    insert into catalog.subjects (id, scheme, code, text, words)
    select id, scheme, code, text, words::tsvector from unnest(${sorted.map(() => newId())}::uuid[], ${schemes}::text[], ${codes}::text[],
      ${sorted.map((subject) => subject.text)}::text[],
      ${sorted.map((subject) => nameWords(subject.code, subject.text))}::text[])
      as given (id, scheme, code, text, words)
    where not exists (select from catalog.subjects known
      where known.scheme = given.scheme and known.code = given.code)
    on conflict do nothing`)
  const rows = await tx.query<{ id: string; scheme: string; code: string; text: string }>(sql`
    select id, scheme, code, text from catalog.subjects
    where (scheme, code) in (select * from unnest(${schemes}::text[], ${codes}::text[])) for key share of subjects`)
  return new Map(rows.map(({ id, scheme, code, text }) => [subjectKey({ scheme, code }), { id, text }]))
}
