import { type Queryable, sql } from '@colophon/postgres'

type AliasedKind = 'contributor' | 'publisher'

const tables = { contributor: sql`catalog.contributors`, publisher: sql`catalog.publishers` }

/**
 * Keeps the name that one is about to lose as its alias, unless another has that name. Of several that had it, the
 * one that lost it last is meant. The caller holds the row.
 */
export async function keepAlias(tx: Queryable, kind: AliasedKind, id: string, newKey: string): Promise<void> {
  await tx.query(sql`
    insert into catalog.name_aliases (kind, name_key, id)
    select ${kind}, name_key, id from ${tables[kind]} renamed
    where id = ${id} and name_key <> ${newKey} and not exists (
      select from ${tables[kind]} other where other.name_key = renamed.name_key and other.id <> renamed.id)
    on conflict (kind, name_key) do update set id = excluded.id`)
}

/** Forgets the aliases of one that is removed. */
export async function dropAliases(tx: Queryable, kind: AliasedKind, id: string): Promise<void> {
  await tx.query(sql`delete from catalog.name_aliases where kind = ${kind} and id = ${id}`)
}
