import { rmSync } from 'node:fs'
import { superuser } from '../src/embedded/cluster.ts'
import { attachEmbedded, openDatabase, raw, sql, type Target } from '../src/index.ts'
import { temporaryFolder } from './folders.ts'
import { createdAt } from './names.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by the vitest configuration: the URL of a server to test on, or '' for an embedded one. */
    testDatabaseUrl: string
    /** Set by this global setup: the server of the run, for `createTestDatabase`. */
    testServer: TestServer
  }
}

/** The server that a test run uses; plain data, as it is handed to the workers. */
export interface TestServer {
  /** Who may create databases. */
  admin: Target
  /** Who is to own them and connect to them, where that is not `admin`. */
  owner?: string
}

export interface StartedTestServer {
  server: TestServer
  /** For people: which one it is. */
  description: string
  stop(): Promise<void>
}

/** An embedded PostgreSQL in a temporary folder, for as long as the run lasts. */
export async function startEmbeddedServer(): Promise<StartedTestServer> {
  const folder = temporaryFolder()
  const embedded = await attachEmbedded({ folder, application: 'tests', durable: false })
  const { user: owner, ...connection } = embedded.connection
  const admin = { ...connection, user: superuser, database: 'postgres' }
  return {
    server: { admin, owner },
    description: `embedded, ${await versionOf(admin)}`,
    async stop() {
      await embedded.release()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The server of a URL, whose user must be allowed to create databases. */
export async function useServer(url: string): Promise<StartedTestServer> {
  const admin = { url }
  await dropOldDatabases(admin)
  return { server: { admin }, description: `TEST_DATABASE_URL, ${await versionOf(admin)}`, async stop() {} }
}

async function versionOf(admin: Target): Promise<string> {
  const database = openDatabase({ connection: admin, application: 'tests', max: 1 })
  try {
    const { version } = await database.one<{ version: string }>(sql`SELECT version()`)
    return version.split(' on ')[0] ?? version
  } finally {
    await database.close()
  }
}

/** Milliseconds after which a test database is nobody's any more. */
const oldest = 60 * 60_000

async function dropOldDatabases(admin: Target): Promise<void> {
  const database = openDatabase({ connection: admin, application: 'tests', max: 1 })
  try {
    const rows = await database.query<{ datname: string }>(sql`SELECT datname FROM pg_database`)
    for (const { datname } of rows) {
      const created = createdAt(datname)
      if (created === undefined || Date.now() - created < oldest) continue
      await database.query(raw(`DROP DATABASE IF EXISTS "${datname}" WITH (FORCE)`))
    }
  } finally {
    await database.close()
  }
}
