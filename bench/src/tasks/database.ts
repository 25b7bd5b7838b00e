import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachEmbedded } from '@colophon/postgres'
import pg from 'pg'

export interface TemporaryDatabase extends AsyncDisposable {
  url: string
}

/** A new database on the server of TEST_DATABASE_URL, else a server of its own. */
export function temporaryDatabase(): Promise<TemporaryDatabase> {
  const { TEST_DATABASE_URL } = process.env
  return TEST_DATABASE_URL ? onServer(TEST_DATABASE_URL) : onServerOfItsOwn()
}

async function onServer(server: string): Promise<TemporaryDatabase> {
  const name = `bench_${randomUUID().replaceAll('-', '')}`
  await administer(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => administer(server, `DROP DATABASE ${name} WITH (FORCE)`),
  }
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client(server)
  await client.connect()
  await client.query(statement)
  await client.end()
}

async function onServerOfItsOwn(): Promise<TemporaryDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-bench-'))
  const embedded = await attachEmbedded({ folder, application: 'bench' })
  const { host, port, user, database } = embedded.connection
  return {
    url: `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`,
    async [Symbol.asyncDispose]() {
      await embedded.release()
      await rm(folder, { recursive: true })
    },
  }
}
