import { expect, test } from 'vitest'
import { lockKeys, sql } from '../src/index.ts'
import { createTestDatabase } from '../testing/index.ts'

test('a lock is found in pg_locks by its keys, and is of one kind and name', async () => {
  const { database, drop } = await createTestDatabase()
  const held = await database.transaction(async (tx) => {
    const [kind, name] = lockKeys('shop import', 'books')
    await tx.query(sql`SELECT pg_advisory_xact_lock(${kind}, ${name})`)
    const others = [lockKeys('shop import', 'prices'), lockKeys('shop export', 'books')]
    for (const [otherKind, otherName] of [...others, [kind, name] as const]) {
      const free = sql`SELECT pg_try_advisory_xact_lock(${otherKind}, ${otherName}) AS free`
      expect(await database.one(free)).toEqual({ free: otherKind !== kind || otherName !== name })
    }
    return tx.query(sql`
      SELECT classid::int8, objid::int8 FROM pg_locks
       WHERE locktype = 'advisory' AND pid = pg_backend_pid()`)
  })
  const [classid, objid] = lockKeys('shop import', 'books')
  expect(held).toEqual([{ classid, objid }])
  await drop()
})

test('every version has the same keys', () => {
  expect(lockKeys('migrations', 'catalog')).toEqual([100228835, 848800384])
})
