import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { attachEmbedded, lockKeys, openDatabase, sql } from '../src/index.ts'
import { serverPid, usedFolder } from './support/folder.ts'

const application = 'test'
const reason = new Error('stopping')

/** A PostgreSQL that somebody else uses. */
async function started() {
  const folder = usedFolder()
  const first = await attachEmbedded({ folder, application: 'first', durable: false })
  onTestFinished(() => first.release())
  const database = openDatabase({ connection: first.connection, application })
  onTestFinished(() => database.close())
  return { folder, database }
}

test('waiting for PostgreSQL to recover is given up, and PostgreSQL left to go on', async () => {
  const { folder } = await started()
  const pid = serverPid(folder)
  const status = join(folder, 'postgres', 'postmaster.pid')
  const ready = readFileSync(status, 'utf8')
  writeFileSync(status, ready.replace(/^ready/m, 'starting'))
  const log = { info: vi.fn(), warn: vi.fn() }
  const controller = new AbortController()
  const attaching = attachEmbedded({ folder, application, log, signal: controller.signal })
  const messages = () => log.info.mock.calls.map(([, message]) => message)
  await expect.poll(messages, { timeout: 10_000 }).toEqual(['waiting for PostgreSQL to recover'])
  controller.abort(reason)
  await expect(attaching).rejects.toBe(reason)
  writeFileSync(status, ready)
  const next = await attachEmbedded({ folder, application })
  expect(serverPid(folder)).toBe(pid)
  await next.release()
})

test('whoever leaves does not wait long for PostgreSQL to recover', async () => {
  const { folder, database } = await started()
  const log = { info: vi.fn(), warn: vi.fn() }
  const embedded = await attachEmbedded({ folder, application: 'leaver', log })
  const pid = serverPid(folder)
  const status = join(folder, 'postgres', 'postmaster.pid')
  const ready = readFileSync(status, 'utf8')
  writeFileSync(status, ready.replace(/^ready/m, 'starting'))
  await database.query(
    sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^leaver'`,
  )
  const messages = () => log.info.mock.calls.map(([, message]) => message)
  await expect.poll(messages, { timeout: 10_000 }).toEqual(['waiting for PostgreSQL to recover'])
  const began = performance.now()
  await embedded.release()
  expect(performance.now() - began).toBeLessThan(6_000)
  writeFileSync(status, ready)
  expect(serverPid(folder)).toBe(pid)
})

test('waiting while somebody else is stopping PostgreSQL is given up', async () => {
  const { folder, database } = await started()
  // Whoever asks for the lock alone is ahead of those who come after.
  const [kind, name] = lockKeys('attached', '')
  const leaver = database.query(sql`SELECT pg_advisory_lock(${kind}, ${name})`)
  const waiting = sql`
    SELECT application_name AS name, pid FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND NOT granted ORDER BY 1`
  const names = async () => (await database.query<{ name: string }>(waiting)).map((row) => row.name)
  await expect.poll(names).toEqual(['test'])
  const controller = new AbortController()
  const attaching = attachEmbedded({ folder, application: 'visitor', signal: controller.signal })
  await expect.poll(names).toEqual(['test', `visitor pid ${process.pid}`])
  controller.abort(reason)
  await expect(attaching).rejects.toBe(reason)
  const cancelled = expect(leaver).rejects.toThrow('canceling statement')
  await database.query(sql`SELECT pg_cancel_backend(pid) FROM (${waiting}) AS waiting WHERE name = 'test'`)
  await cancelled
})

test('a signal that has come already starts nothing, and one that comes later changes nothing', async () => {
  const folder = usedFolder()
  const before = serverPid(folder)
  const given = attachEmbedded({ folder, application, signal: AbortSignal.abort(reason) })
  await expect(given).rejects.toBe(reason)
  expect(serverPid(folder)).toBe(before)
  const controller = new AbortController()
  const embedded = await attachEmbedded({ folder, application, durable: false, signal: controller.signal })
  const pid = serverPid(folder) ?? 0
  controller.abort(reason)
  process.kill(pid, 'SIGKILL')
  const isNew = (now: unknown): boolean => now !== undefined && now !== pid
  await expect.poll(() => serverPid(folder), { timeout: 10_000 }).toSatisfy(isNew)
  await embedded.release()
  expect(serverPid(folder)).toBeUndefined()
})
