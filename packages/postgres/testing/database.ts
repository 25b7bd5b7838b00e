import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { type Database, openDatabase, raw, type Target } from '../src/index.ts'

export interface TestDatabase {
  /** A pool of connections to it. */
  database: Database
  /** To open further pools, or to hand to a service. */
  connection: Target
  /** Closes the pool and drops the database, whoever else is connected to it. */
  drop(): Promise<void>
}

/** A new and empty database on the server of this test run, for one test file to do with as it likes. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { admin, owner } = inject('testServer')
  const name = `colophon_test_${Date.now().toString(36)}_${randomBytes(4).toString('hex')}`
  await administer(admin, `CREATE DATABASE ${name}${owner === undefined ? '' : ` OWNER ${owner}`}`)
  const connection = targetOf(admin, name, owner)
  const database = openDatabase({ connection, application: 'test' })
  return {
    database,
    connection,
    async drop() {
      await database.close()
      await administer(admin, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

/** When a test database was created, by its name, in milliseconds since the epoch. */
export function createdAt(name: string): number | undefined {
  const time = /^colophon_test_([0-9a-z]+)_[0-9a-f]{8}$/.exec(name)?.[1]
  return time === undefined ? undefined : Number.parseInt(time, 36)
}

async function administer(admin: Target, statement: string): Promise<void> {
  const database = openDatabase({ connection: admin, application: 'tests', max: 1 })
  try {
    await database.query(raw(statement))
  } finally {
    await database.close()
  }
}

function targetOf(admin: Target, database: string, owner: string | undefined): Target {
  if (!('url' in admin)) return { ...admin, database, user: owner ?? admin.user }
  const url = new URL(admin.url)
  url.pathname = `/${database}`
  return { url: url.href }
}
