import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { attachEmbedded, type EmbeddedPostgres, openDatabase, type Queryable, sql } from '../src/index.ts'
import { newFolder, serverPid, usedFolder } from './support/folder.ts'
import { startProgram } from './support/program.ts'

const application = 'test'

async function using<T>(embedded: EmbeddedPostgres, work: (database: Queryable) => Promise<T>): Promise<T> {
  const database = openDatabase({ connection: embedded.connection, application })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

test('what was stored is there the next time', async () => {
  const folder = newFolder('made', 'when', 'missing')
  const first = await attachEmbedded({ folder, application })
  await using(first, (database) => database.query(sql`CREATE TABLE shop AS SELECT 'Colophon' AS name`))
  await first.release()
  expect(serverPid(folder)).toBeUndefined()
  const second = await attachEmbedded({ folder, application })
  expect(await using(second, (database) => database.query(sql`SELECT name FROM shop`))).toEqual([
    { name: 'Colophon' },
  ])
  await second.release()
  await second.release()
})

test('programs connect with no more rights than they need, to a database that knows letters', async () => {
  const embedded = await attachEmbedded({ folder: usedFolder(), application, durable: false })
  await using(embedded, async (database) => {
    expect(
      await database.one(
        sql`SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user`,
      ),
    ).toEqual({ rolname: 'colophon', rolsuper: false, rolcreaterole: false, rolcreatedb: false })
    for (const extension of [sql`pg_trgm`, sql`unaccent`, sql`fuzzystrmatch`]) {
      await database.query(sql`CREATE EXTENSION ${extension}`)
    }
    expect(
      await database.one(sql`
        SELECT 'ä' < 'b' AS "byBytes", 'ä' COLLATE "und-x-icu" < 'b' AS "forPeople", upper('été') AS upper,
               unaccent('Ærø é') AS unaccent, similarity('Müller', 'müller') AS similarity,
               show_trgm('Müller') = show_trgm('M ller') AS "umlautIsLost",
               current_setting('server_encoding') AS encoding, current_setting('data_checksums') AS checksums`),
    ).toEqual({
      byBytes: false,
      forPeople: true,
      upper: 'ÉTÉ',
      unaccent: 'AEro e',
      similarity: 1,
      umlautIsLost: false,
      encoding: 'UTF8',
      checksums: 'on',
    })
  })
  await embedded.release()
})

test('nobody but the owner gets near the cluster', async () => {
  const folder = usedFolder()
  const embedded = await attachEmbedded({ folder, application, durable: false })
  expect(statSync(embedded.connection.host).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder, 'postgres.log')).mode & 0o777).toBe(0o600)
  const settings = sql`SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_permissions')`
  expect(await using(embedded, (database) => database.query(settings))).toEqual([
    { name: 'listen_addresses', setting: '' },
    { name: 'unix_socket_permissions', setting: '0700' },
  ])
  await embedded.release()
})

test('a long path gets its socket elsewhere, found by everybody and gone with the last', async () => {
  const folder = newFolder('a-long-name-'.repeat(8), 'data')
  const first = await attachEmbedded({ folder, application, durable: false })
  const { host } = first.connection
  expect(host.length).toBeLessThan(80)
  expect(statSync(host).mode & 0o777).toBe(0o700)
  const second = await attachEmbedded({ folder, application })
  expect(second.connection).toEqual(first.connection)
  await first.release()
  // After a crash it is in the same place, as pools go on looking there.
  process.kill(serverPid(folder) ?? 0, 'SIGKILL')
  await expect
    .poll(() => using(second, (database) => database.query(sql`SELECT 1 AS one`)).catch(() => 'not yet'), {
      timeout: 10_000,
    })
    .toEqual([{ one: 1 }])
  expect(second.connection.host).toBe(host)
  await second.release()
  expect(existsSync(host)).toBe(false)
})

test('a start clears away what a killed first one has left, and not what is being made', async () => {
  const folder = newFolder()
  const dead = join(folder, 'postgres.new-4194303-0123abcd')
  const alive = join(folder, `postgres.new-${process.ppid}-0123abcd`)
  await (await attachEmbedded({ folder, application, durable: false })).release()
  for (const attempt of [dead, alive]) mkdirSync(join(attempt, 'base'), { recursive: true })
  await (await attachEmbedded({ folder, application, durable: false })).release()
  expect([dead, alive].map((attempt) => existsSync(attempt))).toEqual([false, true])
})

test('a cluster elsewhere is used through a link', async () => {
  const [folder, elsewhere] = [newFolder(), newFolder()]
  await (await attachEmbedded({ folder, application, durable: false })).release()
  renameSync(join(folder, 'postgres'), join(elsewhere, 'postgres'))
  symlinkSync(join(elsewhere, 'postgres'), join(folder, 'postgres'))
  const embedded = await attachEmbedded({ folder, application, durable: false })
  expect(serverPid(elsewhere)).toBeDefined()
  await embedded.release()
  expect(serverPid(elsewhere)).toBeUndefined()
})

describe('together', () => {
  test('whoever leaves last stops PostgreSQL', async () => {
    const folder = usedFolder()
    const shop = startProgram({ folder, application: 'colophon serve' })
    expect(await shop.next()).toMatchObject({ attached: true })
    const command = await attachEmbedded({ folder, application })
    const pid = serverPid(folder)
    await shop.leave()
    expect(serverPid(folder)).toBe(pid)
    await command.release()
    expect(serverPid(folder)).toBeUndefined()
  })

  test('first starts at the same time make one cluster, and clear away what dead ones have left', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'postgres.new-4194303-0123abcd', 'base'), { recursive: true })
    const programs = [1, 2].map((n) => startProgram({ folder, application: `program ${n}`, durable: false }))
    for (const program of programs) expect(await program.next()).toMatchObject({ attached: true })
    programs[0]?.send('CREATE TABLE here AS SELECT 1 AS n')
    await programs[0]?.next()
    programs[1]?.send('SELECT n FROM here')
    expect(await programs[1]?.next()).toEqual({ rows: [{ n: 1 }] })
    expect(readdirSync(folder).sort()).toEqual(['postgres', 'postgres.log'])
    await Promise.all(programs.map((program) => program.leave()))
    expect(serverPid(folder)).toBeUndefined()
  })

  test('comings and goings never leave anybody without PostgreSQL', async () => {
    const folder = usedFolder()
    const visit = async (): Promise<void> => {
      const embedded = await attachEmbedded({ folder, application, durable: false })
      await using(embedded, (database) => database.query(sql`SELECT 1`))
      await embedded.release()
    }
    const visitor = async (): Promise<void> => {
      for (let n = 0; n < 6; n++) await visit()
    }
    await Promise.all([visitor(), visitor(), visitor()])
    expect(serverPid(folder)).toBeUndefined()
  })

  test('only one may be what it is alone; another is told who that is', async () => {
    const folder = usedFolder()
    const shop = startProgram({ folder, application: 'colophon serve', exclusive: 'serve' })
    expect(await shop.next()).toMatchObject({ attached: true })
    const second = attachEmbedded({ folder, application, exclusive: 'serve' })
    await expect(second).rejects.toThrow(
      /^the data folder \S+ is held by colophon serve pid \d+: stop that first, or/,
    )
    const other = await attachEmbedded({ folder, application, exclusive: 'import' })
    await other.release()
    await shop.leave()
    const successor = await attachEmbedded({ folder, application, exclusive: 'serve' })
    await successor.release()
  })
})

describe('a folder that cannot be used is refused with one line', () => {
  const refusal = async (folder: string): Promise<string> =>
    attachEmbedded({ folder, application, durable: false }).then(
      () => 'it was not refused',
      (error: Error) => error.message,
    )

  const initialise = async (folder: string): Promise<void> =>
    (await attachEmbedded({ folder, application })).release()

  function spoil(file: string, content: string): void {
    const before = readFileSync(file)
    writeFileSync(file, content)
    onTestFinished(() => writeFileSync(file, before))
  }

  test('of another version', async () => {
    const folder = usedFolder()
    await initialise(folder)
    spoil(join(folder, 'postgres', 'PG_VERSION'), '13\n')
    expect(await refusal(folder)).toMatch(/postgres was made by PostgreSQL 13 and this is 18: start it with/)
  })

  test('not a cluster', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'postgres'))
    writeFileSync(join(folder, 'postgres', 'notes.txt'), 'mine')
    expect(await refusal(folder)).toMatch(/postgres is not a PostgreSQL cluster: move it away/)
  })

  test('broken', async () => {
    const folder = usedFolder()
    await initialise(folder)
    spoil(join(folder, 'postgres', 'global', 'pg_control'), 'nonsense')
    const line = await refusal(folder)
    expect(line).toMatch(/^PostgreSQL did not start in \S+: .*pg_control.* \(see \S+postgres\.log\)$/)
  })

  test('pointing nowhere', async () => {
    const folder = newFolder()
    symlinkSync('/nowhere/postgres', join(folder, 'postgres'))
    expect(await refusal(folder)).toMatch(/points to \/nowhere\/postgres, which is not there: bring it back/)
  })

  test('not a folder', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'file'), '')
    expect(await refusal(join(folder, 'file'))).toMatch(/^the data folder \S+file cannot be used: EEXIST/)
  })
})
