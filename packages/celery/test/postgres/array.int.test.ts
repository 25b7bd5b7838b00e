import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { arrayOf, textArrayOf } from '../../src/postgres/array.ts'
import { poolOf } from './support/places.ts'

let database: TestDatabase
let pool: pg.Pool

beforeAll(async () => {
  database = await createTestDatabase()
  pool = poolOf(database, 1)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const tricky = [
  '',
  ' ',
  'NULL',
  'null',
  'Null',
  '"',
  '\\',
  '{}',
  '{',
  ',',
  "'",
  'a b',
  '\t\n',
  'ä',
  '😀',
  'a-b_c',
]
const text = fc.oneof(
  fc.constantFrom(...tricky),
  fc.string({ unit: 'binary' }).map((some) => some.replaceAll('\0', '')),
)

test('PostgreSQL reads the same texts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text), async (texts) => {
      const { rows } = await pool.query('SELECT to_json($1::text[]) AS texts', [textArrayOf(texts)])
      expect(rows[0].texts).toEqual(texts)
    }),
    { numRuns: 200 },
  )
})

test('and numbers, truths, times and nothing', async () => {
  const values = [
    ['bigint[]', [0, -1, Number.MAX_SAFE_INTEGER, null]],
    ['boolean[]', [true, false, null]],
    ['integer[]', []],
  ] as const
  for (const [type, array] of values) {
    const { rows } = await pool.query(`SELECT to_json($1::${type}) AS values`, [arrayOf(array)])
    expect(rows[0].values).toEqual(array)
  }
  const time = new Date('2026-03-01T10:00:00.123Z')
  const { rows } = await pool.query('SELECT ($1::timestamptz[])[1] AS time', [arrayOf([time.toISOString()])])
  expect(rows[0].time).toEqual(time)
})
