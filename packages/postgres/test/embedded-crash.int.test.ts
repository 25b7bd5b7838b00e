import { spawn } from 'node:child_process'
import {
  chownSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { attachEmbedded, isUnavailable, openDatabase, sql } from '../src/index.ts'
import { newFolder, serverPid, usedFolder } from './support/folder.ts'
import { startProgram } from './support/program.ts'

const application = 'test'

test('a program that is killed leaves its PostgreSQL to the next, and its locks to nobody', async () => {
  const folder = usedFolder()
  const shop = startProgram({ folder, application: 'colophon serve', exclusive: 'serve' })
  await shop.next()
  shop.send('CREATE TABLE copies AS SELECT 1 AS n')
  await shop.next()
  const pid = serverPid(folder)
  await shop.kill()
  const next = await attachEmbedded({ folder, application, exclusive: 'serve' })
  expect(serverPid(folder)).toBe(pid)
  await next.release()
  expect(serverPid(folder)).toBeUndefined()
})

test('a terminal’s Ctrl-C does not reach PostgreSQL', async () => {
  const folder = usedFolder()
  const shop = startProgram({ folder, application: 'colophon serve', durable: false })
  await shop.next()
  const pid = serverPid(folder)
  for (let n = 0; n < 3; n++) {
    shop.signal('SIGINT', 'its group')
    expect(await shop.next()).toEqual({ interrupted: true })
  }
  shop.send('SELECT 1 AS n')
  expect(await shop.next()).toEqual({ rows: [{ n: 1 }] })
  expect(serverPid(folder)).toBe(pid)
  await shop.leave()
})

test('a PostgreSQL that is killed is started again, with what was committed, for everybody who uses it', async () => {
  const folder = usedFolder()
  const shop = startProgram({ folder, application: 'colophon serve', exclusive: 'serve' })
  await shop.next()
  const embedded = await attachEmbedded({ folder, application, exclusive: 'other' })
  const lost = vi.fn()
  embedded.onLost(lost)
  const database = openDatabase({ connection: embedded.connection, application })
  await database.query(sql`CREATE TABLE sold AS SELECT 1 AS n`)
  const pid = serverPid(folder) ?? 0
  process.kill(pid, 'SIGKILL')
  const isNew = (now: unknown): boolean => now !== undefined && now !== pid
  await expect.poll(() => serverPid(folder), { timeout: 10_000 }).toSatisfy(isNew)
  const query = () => database.query(sql`SELECT n FROM sold`).catch((error) => isUnavailable(error) || error)
  await expect.poll(query, { timeout: 10_000 }).toEqual([{ n: 1 }])
  expect(lost).not.toHaveBeenCalled()
  // Everybody has their locks again.
  const locks = sql`
    SELECT regexp_replace(application_name, ' pid .*', '') AS application, count(*)
      FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' GROUP BY 1 ORDER BY 1`
  await expect
    .poll(() => database.query(locks), { timeout: 10_000 })
    .toEqual([
      { application: 'colophon serve', count: 2 },
      { application: 'test', count: 2 },
    ])
  await database.close()
  await embedded.release()
  expect(serverPid(folder)).toBeDefined()
  await shop.leave()
  expect(serverPid(folder)).toBeUndefined()
})

test('when everything was killed but a statement that still runs, that is waited for', async () => {
  const folder = usedFolder()
  const shop = startProgram({ folder, application: 'colophon serve' })
  await shop.next()
  shop.send('CREATE TABLE orders AS SELECT 1 AS n')
  await shop.next()
  const running = `SELECT 1 AS running FROM pg_stat_activity WHERE query ~ '^DO' AND state = 'active'`
  const watcher = startProgram({ folder, application: 'watcher' })
  await watcher.next()
  shop.send(
    `DO $$
    DECLARE done timestamptz := clock_timestamp() + interval '2 s';
    BEGIN WHILE clock_timestamp() < done LOOP END LOOP; END $$`.replaceAll('\n', ' '),
  )
  const watch = async () => {
    watcher.send(running)
    return (await watcher.next()).rows
  }
  await expect.poll(watch).toEqual([{ running: 1 }])
  await watcher.kill()
  await shop.kill()
  process.kill(serverPid(folder) ?? 0, 'SIGKILL')
  const next = await attachEmbedded({ folder, application })
  const database = openDatabase({ connection: next.connection, application })
  expect(await database.query(sql`SELECT n FROM orders`)).toEqual([{ n: 1 }])
  await database.close()
  await next.release()
})

test('a process id that is another program’s by now is not taken for PostgreSQL', async () => {
  const folder = usedFolder()
  const shop = startProgram({ folder, application, durable: false })
  await shop.next()
  await shop.kill()
  process.kill(serverPid(folder) ?? 0, 'SIGKILL')
  await expect.poll(() => serverPid(folder)).toBeUndefined()
  const file = join(folder, 'postgres', 'postmaster.pid')
  // Of the same user, as that is what PostgreSQL goes by.
  const { uid, gid } = statSync(file)
  const other = spawn('/bin/sleep', ['60'], { uid, gid, stdio: 'ignore', cwd: '/' })
  onTestFinished(() => void other.kill())
  const lines = readFileSync(file, 'utf8').split('\n')
  writeFileSync(file, [other.pid, ...lines.slice(1)].join('\n'))
  const next = await attachEmbedded({ folder, application, durable: false })
  expect(serverPid(folder)).toBeDefined()
  await next.release()
})

test.each(['postmaster.pid', '.s.PGSQL.5432.lock'])(
  'a %s that a crash left empty is no obstacle',
  async (name) => {
    const folder = usedFolder()
    await (await attachEmbedded({ folder, application, durable: false })).release()
    const cluster = join(folder, 'postgres')
    const { uid, gid } = statSync(cluster)
    const file = join(cluster, name)
    writeFileSync(file, '')
    chownSync(file, uid, gid)
    const aMinuteAgo = Date.now() / 1_000 - 60
    utimesSync(file, aMinuteAgo, aMinuteAgo)
    const next = await attachEmbedded({ folder, application, durable: false })
    expect(serverPid(folder)).toBeDefined()
    await next.release()
  },
)

test('a PostgreSQL that cannot be brought back is reported as lost', async () => {
  const folder = usedFolder()
  const warn = vi.fn()
  const embedded = await attachEmbedded({ folder, application, durable: false, log: { warn, info: vi.fn() } })
  const lost = vi.fn()
  embedded.onLost(lost)
  const file = join(folder, 'postgres', 'PG_VERSION')
  renameSync(file, `${file}.away`)
  onTestFinished(() => renameSync(`${file}.away`, file))
  process.kill(serverPid(folder) ?? 0, 'SIGKILL')
  await expect.poll(() => lost.mock.calls.length, { timeout: 15_000 }).toBe(1)
  expect(lost.mock.calls[0]?.[0].message).toMatch(/^PostgreSQL is lost: .* is not a PostgreSQL cluster/)
  expect(warn.mock.calls.filter(([, message]) => /starting it again/.test(message))).toHaveLength(4)
  await embedded.release()
})

test('a data folder that is removed under a program is lost, and not begun anew', async () => {
  const folder = newFolder()
  const embedded = await attachEmbedded({ folder, application, durable: false })
  const lost = vi.fn()
  embedded.onLost(lost)
  const pid = serverPid(folder) ?? 0
  rmSync(folder, { recursive: true })
  // It would notice by itself within a minute.
  process.kill(pid, 'SIGQUIT')
  await expect.poll(() => lost.mock.calls.length, { timeout: 15_000 }).toBe(1)
  expect(lost.mock.calls[0]?.[0].message).toMatch(/^PostgreSQL is lost: \S+postgres has been removed$/)
  expect(existsSync(folder)).toBe(false)
  await embedded.release()
})
