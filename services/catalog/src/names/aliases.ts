import { type Queryable, sql } from '@colophon/postgres'
import { type NameKind, nameTables } from './name-tables.ts'

type AliasedKind = Exclude<NameKind, 'subject'>

/** What a name is known by. */
export interface Named {
  id: string
  name: string
  nameKey: string
}

/**
 * Keeps the name that one is about to lose as its alias, unless another has that name. Of several that had it, the
 * one that lost it last is meant. The caller holds the row.
 */
export async function keepAlias(tx: Queryable, kind: AliasedKind, id: string, newKey: string): Promise<void> {
  await tx.query(sql`
    insert into catalog.name_aliases (kind, name_key, id)
    select ${kind}, name_key, id from ${nameTables[kind]} renamed
    where id = ${id} and name_key <> ${newKey} and not exists (
      select from ${nameTables[kind]} other where other.name_key = renamed.name_key and other.id <> renamed.id)
    on conflict (kind, name_key) do update set id = excluded.id`)
}

/** Whom these keys meant once, by them. Held as a foreign key would hold them. */
export async function findAliased(
  tx: Queryable,
  kind: AliasedKind,
  keys: string[],
): Promise<Map<string, Named>> {
  const rows = await tx.query<Named>(sql`
    select named.id, named.name, alias.name_key as "nameKey"
    from catalog.name_aliases alias join ${nameTables[kind]} named on named.id = alias.id
    where alias.kind = ${kind} and alias.name_key = any(${keys}::text[]) for key share of named`)
  return new Map(rows.map((row) => [row.nameKey, row]))
}

/** Forgets the aliases of one that is removed. */
export async function dropAliases(tx: Queryable, kind: AliasedKind, id: string): Promise<void> {
  await tx.query(sql`delete from catalog.name_aliases where kind = ${kind} and id = ${id}`)
}
