import { createHash } from 'node:crypto'

/**
 * The two keys of an advisory lock of this package's: what kind of lock, and a hash of the name of the thing
 * locked. Both fit PostgreSQL's int4 and are not negative, so that they read the same in `pg_locks`.
 */
export function lockKeys(kind: 'attached' | 'exclusive' | 'migrations', name: string): [number, number] {
  return [hash31(`colophon ${kind}`), hash31(name)]
}

function hash31(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() >>> 1
}
