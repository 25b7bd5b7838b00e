import { createHash } from 'node:crypto'

/**
 * The two keys of an advisory lock (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS),
 * for `pg_advisory_xact_lock(int, int)` and its kin: what kind of lock, and a hash of the name of the thing
 * locked. The same in every process and version. Both fit PostgreSQL's int4 and are not negative, so that they
 * read the same in `pg_locks`, as `classid` and `objid`.
 *
 * The kinds `attached`, `exclusive`, `migrations` and `outbox` are this package's own. A service names a kind
 * after itself and what it locks: `lockKeys('catalog import', shop)`.
 */
export function lockKeys(kind: string, name: string): [kind: number, name: number] {
  return [hash31(`colophon ${kind}`), hash31(name)]
}

function hash31(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() >>> 1
}
