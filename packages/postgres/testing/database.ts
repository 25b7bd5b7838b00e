import { inject } from 'vitest'
import { type Database, openDatabase, raw, type Target } from '../src/index.ts'
import { newDatabaseName } from './names.ts'
import type { TestServer } from './server.ts'

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
  const { admin, owner }: TestServer = inject('testServer')
  const name = newDatabaseName()
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
