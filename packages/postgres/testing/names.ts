import { randomBytes } from 'node:crypto'

/** A name for a test database that no other has, and that tells its age. */
export function newDatabaseName(): string {
  return `colophon_test_${Date.now().toString(36)}_${randomBytes(4).toString('hex')}`
}

/** When a test database was created, by its name, in milliseconds since the epoch; undefined for another's. */
export function createdAt(name: string): number | undefined {
  const time = /^colophon_test_([0-9a-z]+)_[0-9a-f]{8}$/.exec(name)?.[1]
  return time === undefined ? undefined : Number.parseInt(time, 36)
}
