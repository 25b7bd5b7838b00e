import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { colophon, secretKey, urlOf } from './support.ts'

let test: TestDatabase
let folder: string

beforeAll(async () => {
  test = await createTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'colophon-feed-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
  await test.drop()
})

it('import reads a feed in the encoding that is named', async () => {
  const title = Buffer.from('93fa967b', 'hex')
  const file = join(folder, 'tokyo.csv')
  await writeFile(file, Buffer.concat([Buffer.from('recordId,title\n1,'), title, Buffer.from('\n')]))
  const environment = { DATABASE_URL: urlOf(test), SECRET_KEY: secretKey }
  const { code, stdout } = await colophon(['import', file, '--encoding', 'Shift_JIS'], { environment })
  expect(code).toBe(0)
  expect(stdout).toContain('SHIFT_JIS, separated by commas')
  expect(stdout).toContain('1 row read = 1 inserted')
  const titles = await test.database.query(sql`select title from catalog.books`)
  expect(titles).toEqual([{ title: '日本' }])
})

it('import refuses an encoding that there is not, before it looks for the file', async () => {
  const { code, stderr } = await colophon(['import', 'x.csv', '--encoding', 'klingon'])
  expect(code).toBe(2)
  expect(stderr).toContain('shift_jis')
})
