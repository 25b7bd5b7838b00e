import { type Queryable, sql } from '@colophon/postgres'
import { findAliased, type Named } from '../names/aliases.ts'
import { naturalOrder } from '../names/natural-order.ts'
import { nameKey } from '../search/words.ts'
import { sortName } from './sort-name.ts'

export type NamedTable = 'contributors' | 'publishers'

/** Names as given, by their keys. */
export type Names = ReadonlyMap<string, string>

/**
 * Whom names mean that nobody has: one that staff have renamed since, or a person whose name is known with the family
 * name at its other end. Held as a foreign key would hold them.
 * @returns those found, by the keys of the names given
 */
export async function findOtherSpellings(
  tx: Queryable,
  table: NamedTable,
  names: Names,
): Promise<Map<string, Named>> {
  if (names.size === 0) return new Map()
  const naturalKeys = table === 'contributors' ? keysInNaturalOrder(names) : new Map<string, string>()
  const kind = table === 'contributors' ? 'contributor' : 'publisher'
  const renamed = await findAliased(tx, kind, [...names.keys(), ...naturalKeys.values()])
  const turned = table === 'contributors' ? await findTurned(tx, names) : new Map<string, Named>()
  return new Map(
    [...names.keys()].flatMap((key) => {
      const found = renamed.get(key) ?? turned.get(key) ?? renamed.get(naturalKeys.get(key) ?? '')
      return found ? [[key, found] as const] : []
    }),
  )
}

/** Of names with the family name first, the keys they would have with it last. */
export function keysInNaturalOrder(names: Names): Map<string, string> {
  return new Map(
    [...names].flatMap(([key, name]) => {
      const natural = naturalOrder(name)
      return natural === undefined ? [] : [[key, nameKey(natural)] as const]
    }),
  )
}

/**
 * "Rowling, J. K." finds J. K. Rowling, and the other way round. Keys have no commas: without a look at these, James
 * Henry would be Henry James.
 */
async function findTurned(tx: Queryable, names: Names): Promise<Map<string, Named>> {
  const turned = [...names].map(([key, name]) => {
    const natural = naturalOrder(name)
    return { key, turnedKey: nameKey(natural ?? sortName(name)), hasComma: natural === undefined }
  })
  // Of several people of one name, the one without a note is meant: it comes last.
  const rows = await tx.query<Named>(sql`
    select named.id, named.name, wanted.key as "nameKey"
    from unnest(${turned.map(({ key }) => key)}::text[], ${turned.map(({ turnedKey }) => turnedKey)}::text[],
      ${turned.map(({ hasComma }) => hasComma)}::boolean[]) as wanted (key, turned_key, has_comma)
    join catalog.contributors named on named.name_key = wanted.turned_key
    where named.kind = 'person' and (named.name like '%,%') = wanted.has_comma
    order by named.disambiguation desc for key share of named`)
  return new Map(rows.map((row) => [row.nameKey, row]))
}
