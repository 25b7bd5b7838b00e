import { sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { colophon, secretKey, urlOf } from './support.ts'

let test: TestDatabase
let environment: Record<string, string>

beforeAll(async () => {
  test = await createTestDatabase()
  environment = { DATABASE_URL: urlOf(test), SECRET_KEY: secretKey }
  const stdin = 'title,isbn,format\nDune,9780441013593,paperback\nEmma,9780141439587,ebook\n'
  expect(await colophon(['import', '-'], { environment, stdin })).toMatchObject({ code: 0 })
})
afterAll(() => test.drop())

const stock = (args: string[], stdin = '') => colophon(['stock', ...args], { environment, stdin })

describe('stock', () => {
  it('is received, shown, adjusted and checked', async () => {
    const table = 'isbn,quantity,shelf\n0-441-01359-7,12,A1\n9780441013592,3,A2\n'
    const dry = await stock(['receive', '-', '--document', '4711', '--dry-run'], table)
    expect(dry).toMatchObject({ code: 3, stdout: expect.stringContaining('dry run: nothing was changed') })
    const received = await stock(['receive', '-', '--document', '4711'], table)
    expect(received).toEqual({
      code: 3,
      stdout:
        'stdin: document 4711\n  columns not used: shelf\n' +
        '  2 rows read = 1 booked + 0 booked before + 1 refused; 12 copies\n',
      stderr: expect.stringMatching(/^stdin:3: refused: isbn "9780441013592": .* \[isbn_check_digit\]\n$/),
    })
    const again = await stock(['receive', '-', '--document', '4711', '--json'], table)
    expect(JSON.parse(again.stdout)).toMatchObject({ repeated: true, counts: { booked: 0, unchanged: 1 } })
    const same = await stock(['receive', '-', '--document', '4711'], table)
    expect(same.stdout).toContain('document 4711 was booked before: nothing was changed')
    const other = await stock(['receive', '-', '--document', '4711'], 'isbn,quantity\n9780441013593,1\n')
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('booked before with other lines'),
    })

    const priced = 'isbn,quantity,price\n9780441013593,1,9.90\n'
    const dryPriced = await stock(['receive', '-', '--document', '4712', '--dry-run'], priced)
    expect(dryPriced.stdout).toContain('\n  1 selling price to be set\n')

    const shown = await stock(['show', '9780441013593'])
    expect(shown).toMatchObject({ code: 0, stdout: 'Dune: 12 on hand, 0 held, 12 available (in_stock)\n' })
    const adjusted = await stock(['adjust', '9780441013593', '-2', '--reason', 'damaged', '--json'])
    expect(JSON.parse(adjusted.stdout)).toMatchObject({ onHand: 10, available: 10 })
    const last = await test.database.query(sql`select actor, reason from orders.stock_ledger order by id`)
    expect(last).toEqual([
      { actor: 'command', reason: 'goods_in' },
      { actor: 'command', reason: 'damaged' },
    ])
    await test.database.query(sql`update orders.stock set reorder_level = 3`)
    expect((await stock(['show', '9780441013593'])).stdout).toContain('(in_stock, reordered at 3)')
    expect(await stock(['check'])).toEqual({ code: 0, stdout: '1 book: all adds up\n', stderr: '' })
  })

  it.each([
    [['show', '9780441013500'], 1, 'no book with the id or ISBN'],
    [['show', '9780141439587'], 1, 'Emma is an e-book'],
    [['adjust', '9780441013593', '-1000', '--reason', 'stocktake'], 1, 'on hand'],
    [['adjust', '9780441013593', '0', '--reason', 'stocktake'], 2, 'not 0'],
    [['adjust', '9780441013593', '1000000000', '--reason', 'stocktake'], 2, 'whole number'],
    [['adjust', '9780441013593', '1', '--reason', 'whim'], 2, 'Allowed choices'],
    [['adjust', '9780441013593', '1'], 2, '--reason'],
    [['receive', '-'], 2, '--document'],
    [['receive', 'no-such-file.csv', '--document', '1'], 1, 'no such file'],
    [['receive', '-', '--document', '1'], 1, 'the file is empty'],
  ])('cannot %j', async (args, code, said) => {
    const ended = await stock(args)
    expect(ended.code).toBe(code)
    expect(ended.stderr).toContain(said)
  })

  it('of a book that was deleted is there by its id', async () => {
    const stdin = 'title,isbn,format\nPersuasion,9780141439686,paperback\n'
    await colophon(['import', '-'], { environment, stdin })
    await stock(['adjust', '9780141439686', '2', '--reason', 'goods_in'])
    const { id } = await test.database.one<{ id: string }>(sql`
      update catalog.books set deleted_at = now() where title = 'Persuasion' returning id`)
    const shown = await stock(['show', id])
    expect(shown).toMatchObject({
      code: 0,
      stdout: `${id}, which is gone from the catalogue: 2 on hand, 0 held, 2 available (in_stock)\n`,
    })
    const taken = await stock(['adjust', id, '-2', '--reason', 'damaged'])
    expect(taken.stdout).toContain('gone from the catalogue: 0 on hand')
    await test.database.query(sql`delete from orders.stock_ledger where book_id = ${id}`)
    await test.database.query(sql`delete from orders.stock where book_id = ${id}`)
  })

  it('that does not add up is told, a difference a line', async () => {
    const { database } = test
    await database.query(sql`update orders.stock set on_hand = 9`)
    const { code, stdout } = await stock(['check'])
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^ledger {2}[0-9a-f-]{36} {2}9 on hand and 0 held, where .* 10 and 0\n1 book: 1 difference\n$/,
    )
    await database.query(sql`
      insert into orders.stock (book_id, on_hand, updated_at)
      select gen_random_uuid(), 1, now() from generate_series(1, 1001)`)
    const many = await stock(['check'])
    expect(many.stdout).toMatch(/and 2 more differences\n1,002 books: 1,002 differences\n$/)
    const json = await stock(['check', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      books: 1_002,
      counts: { ledger: 1_002, held: 0, hold: 0 },
    })
  })
})
