import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachEmbedded, sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { colophon, secretKey, urlOf } from './support.ts'

/** Commands that are of no use where there is no shop. */
const ofNoUse = [
  [['token', '--role', 'staff']],
  [['account', 'list']],
  [['account', 'role', 'ada@example.com', 'staff']],
  [['account', 'password', 'ada@example.com']],
  [['keys', 'rotate']],
  [['sample', 'remove']],
  [['report', 'stock-check']],
  [['stock', 'adjust', '9780439023481', '1', '--reason', 'stocktake']],
  [['stock', 'receive', '-', '--document', '1']],
  [['import', '-', '--dry-run']],
  [['stock', 'check']],
  [['dead-letters', 'list']],
  [['outbox', 'list']],
]
const hint = "run this in the shop's folder, or with its DATABASE_URL (npm start makes a new shop)"

describe('a folder without a shop', () => {
  let folder: string
  let environment: Record<string, string>

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'colophon-missing-shop-'))
    environment = { DATABASE_URL: `embedded:${folder}/data` }
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it.each(ofNoUse)('%j says so and makes none', async (args) => {
    expect(await colophon(args, { environment })).toEqual({
      code: 1,
      stdout: '',
      stderr: `colophon: there is no shop in ${folder}/data: ${hint}\n`,
    })
    expect(existsSync(join(folder, 'data'))).toBe(false)
  })

  it('may have a PostgreSQL, of a start that was cut short', async () => {
    const signal = new AbortController().signal
    const embedded = await attachEmbedded({ folder: join(folder, 'data'), application: 'test', signal })
    const refused = await colophon(['report', 'stock-check'], { environment })
    const files = await readdir(join(folder, 'data'))
    const made = await colophon(['migrate'], { environment })
    const reported = await colophon(['report', 'stock-check'], { environment })
    await embedded.release()
    const missing = `colophon: there is no shop in ${folder}/data: `
    expect(refused).toEqual({ code: 1, stdout: '', stderr: `${missing}${hint}\n` })
    expect(files).not.toContain('secret-key')
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining(`${missing}making a new one`) })
    expect(reported).toMatchObject({ code: 0, stderr: '' })
  })

  it('account create makes none for what is no address', async () => {
    const create = ['account', 'create', 'not-an-address', '--role', 'admin']
    expect(await colophon(create, { environment })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('It must be an e-mail address.'),
    })
    expect(existsSync(join(folder, 'data'))).toBe(false)
  })

  it('account create makes one and says so; the account is then there', async () => {
    const create = ['account', 'create', 'ada@example.com', '--role', 'admin', '--json']
    const made = await colophon(create, { environment })
    expect(made).toMatchObject({
      code: 0,
      stderr: `colophon: there is no shop in ${folder}/data: making a new one (set DATABASE_URL for another place)\n`,
    })
    const listed = await colophon(['account', 'list'], { environment })
    expect(listed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('  ada@example.com  admin  ada\n'),
    })
  })
})

describe('an external database without a shop', () => {
  let test: TestDatabase
  let environment: Record<string, string>

  beforeEach(async () => {
    test = await createTestDatabase()
    environment = { DATABASE_URL: urlOf(test), SECRET_KEY: secretKey }
  })
  afterEach(() => test.drop())

  const schemas = () =>
    test.database.query(sql`
      select nspname as name from pg_namespace where nspname !~ '^(pg_|information_schema$|public$)'`)

  async function nameOfDatabase(): Promise<string> {
    const { name } = await test.database.one<{ name: string }>(sql`select current_database() as name`)
    return name
  }

  it.each(ofNoUse)('%j says so and makes none', async (args) => {
    expect(await colophon(args, { environment })).toEqual({
      code: 1,
      stdout: '',
      stderr: `colophon: there is no shop in the database ${await nameOfDatabase()}: ${hint}\n`,
    })
    expect(await schemas()).toEqual([])
  })

  it('migrate makes one and says so; other commands then work', async () => {
    expect(await colophon(['migrate'], { environment })).toMatchObject({
      code: 0,
      stderr: `colophon: there is no shop in the database ${await nameOfDatabase()}: making a new one (set DATABASE_URL for another place)\n`,
    })
    expect(await colophon(['migrate'], { environment })).toMatchObject({ code: 0, stderr: '' })
    expect(await colophon(['report', 'stock-check'], { environment })).toMatchObject({ code: 0, stderr: '' })
  })

  it('report finishes a shop that was made in part', async () => {
    expect(await colophon(['migrate'], { environment })).toMatchObject({ code: 0 })
    await test.database.query(sql`drop schema orders cascade`)
    expect(await colophon(['report', 'stock-check'], { environment })).toMatchObject({ code: 0, stderr: '' })
  })

  it.each([[['import', '-', '--dry-run']], [['stock', 'receive', '-', '--document', '1', '--dry-run']]])(
    '%j leaves a shop as it is that was made in part',
    async (args) => {
      expect(await colophon(['migrate'], { environment })).toMatchObject({ code: 0 })
      await test.database.query(sql`drop schema catalog, orders cascade`)
      const before = await schemas()
      const stdin = 'isbn,title,quantity\n9780439023481,The Hunger Games,1\n'
      expect(await colophon(args, { environment, stdin })).toEqual({
        code: 1,
        stdout: '',
        stderr:
          "colophon: the database's tables are not those of this version: run `colophon migrate` or start the shop first\n",
      })
      expect(await schemas()).toEqual(before)
    },
  )
})
