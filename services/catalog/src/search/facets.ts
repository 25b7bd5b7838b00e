import { type Queryable, type Sql, sql } from '@colophon/postgres'
import Type, { type Static } from 'typebox'
import { estimateBooks } from './count.ts'
import type { Selection } from './selection.ts'

export const facetNames = ['language', 'format', 'year', 'publisher', 'subject', 'contributor'] as const
type FacetName = (typeof facetNames)[number]

const FacetCount = Type.Object(
  {
    value: Type.String({ description: 'What the filter of the same name takes' }),
    text: Type.String({ description: 'For people' }),
    count: Type.Integer({ minimum: 1 }),
  },
  { title: 'FacetCount' },
)
type FacetCount = Static<typeof FacetCount>

export const Facets = Type.Object(
  {
    ...Object.fromEntries(facetNames.map((name) => [name, Type.Optional(Type.Array(FacetCount))])),
    areExact: Type.Boolean({
      description:
        'Whether every match was counted; when not, the most popular ones were, as many as counted says',
    }),
    counted: Type.Integer({ minimum: 0, description: 'How many books were counted' }),
  },
  { title: 'Facets' },
)

/** Values by how many of the selected books have them, at most so many of each facet. */
const maxValues = 30
/** So many matches are counted, of more the most popular ones, which the shop shows first. */
const maxMatches = 30_000
/**
 * When there may be more, only so many: the most popular are then found by walking the books in that order, as
 * otherwise all matches would be read to be sorted.
 */
const maxOfMany = 1000

export interface FacetCounts extends Partial<Record<FacetName, FacetCount[]>> {
  areExact: boolean
  counted: number
}

/** Counts of the asked-for facets over what a query selects. */
export async function facetsOf(
  db: Queryable,
  { where }: Selection,
  names: readonly string[],
): Promise<FacetCounts> {
  const wanted = facetNames.filter((name) => names.includes(name))
  const most = (await estimateBooks(db, where)) > maxMatches ? maxOfMany : maxMatches
  const counts = wanted.map(
    (name) => sql`,
    (select coalesce(json_agg(json_build_object('value', value, 'text', text, 'count', count)
        order by count desc, text), '[]')
      from (${queries[name]} limit ${maxValues}) as counted) as ${columns[name]}`,
  )
  const { found, ...facets } = await db.one<{ found: number } & Partial<Record<FacetName, FacetCount[]>>>(sql`
    with found as materialized (select book.id, book.language, book.format, book.year, book.publisher_id,
        book.popularity
      from catalog.books book where ${where} order by book.popularity desc, book.id desc limit ${most + 1}),
    matches as (select * from found order by popularity desc, id desc limit ${most})
    select (select count(*) from found) as found ${counts.reduce(append, sql``)}`)
  return { ...facets, areExact: found <= most, counted: Math.min(found, most) }
}

function append(whole: Sql, part: Sql): Sql {
  return sql`${whole}${part}`
}

const columns: Record<FacetName, Sql> = {
  language: sql`language`,
  format: sql`format`,
  year: sql`year`,
  publisher: sql`publisher`,
  subject: sql`subject`,
  contributor: sql`contributor`,
}

const queries: Record<FacetName, Sql> = {
  language: byColumn(sql`language`),
  format: byColumn(sql`format`),
  year: byColumn(sql`year::text`),
  publisher: sql`select publisher.id as value, publisher.name as text, count(*) as count
    from matches join catalog.publishers publisher on publisher.id = matches.publisher_id
    group by publisher.id order by count desc, publisher.id`,
  subject: sql`select subject.id as value, subject.text, counted.count from (
      select place.subject_id, count(*) as count
      from matches join catalog.book_subjects place on place.book_id = matches.id
      group by place.subject_id order by count desc, place.subject_id limit ${maxValues}) as counted
    join catalog.subjects subject on subject.id = counted.subject_id order by counted.count desc`,
  contributor: sql`select contributor.id as value, contributor.name as text, counted.count from (
      select credit.contributor_id, count(distinct credit.book_id) as count
      from matches join catalog.book_contributors credit on credit.book_id = matches.id
      group by credit.contributor_id order by count desc, credit.contributor_id limit ${maxValues}) as counted
    join catalog.contributors contributor on contributor.id = counted.contributor_id
    order by counted.count desc`,
}

function byColumn(column: Sql): Sql {
  return sql`select ${column} as value, ${column} as text, count(*) as count
    from matches where ${column} is not null group by 1 order by count desc, value`
}
