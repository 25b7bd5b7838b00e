import { Readable } from 'node:stream'
import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { receiveGoods } from '../src/stock/index.ts'
import { accountIds, type OrdersHarness, startOrders, type Who } from './harness.ts'
import { stockOf } from './support/shopping.ts'

let shop: OrdersHarness
/** Some books of the catalogue. */
let lotr: string
let dune: string

beforeAll(async () => {
  shop = await startOrders()
  lotr = shop.catalog.add({ isbn13: '9780261103252', title: 'The Lord of the Rings' }).id
  dune = shop.catalog.add({ isbn13: '9780441013593', title: 'Dune', format: null }).id
  shop.catalog.add({ isbn13: '9780439023481', format: 'ebook' })
})

afterAll(() => shop.stop())

let documents = 0
const newDocument = () => `D-${++documents}`

async function send(
  table: string | Buffer,
  document = newDocument(),
  { as = 'staff' as Who, type = 'text/csv', dryRun = '' } = {},
) {
  const response = await shop.server.app.inject({
    method: 'POST',
    url: `/api/goods-in?document=${encodeURIComponent(document)}${dryRun}`,
    headers: { authorization: `Bearer ${as}`, 'content-type': type },
    payload: table,
  })
  return { status: response.statusCode, body: response.json() }
}

/** What there was, and what has come since. */
async function gained(work: () => Promise<unknown>) {
  const count = async (id: string) =>
    (
      await shop.test.database.maybeOne<{ onHand: number }>(
        sql`select on_hand as "onHand" from orders.stock where book_id = ${id}`,
      )
    )?.onHand ?? 0
  const before = [await count(lotr), await count(dune)]
  await work()
  const after = [await count(lotr), await count(dune)]
  return after.map((copies, index) => copies - (before[index] ?? 0))
}

describe('a delivery', () => {
  it('is booked by the ISBN in any written form, with what copies cost', async () => {
    const document = newDocument()
    const table =
      'isbn,title,quantity,cost\n978-0-261-10325-2,"Rings, The",20,7.50\n0441013597,Dune,3,\n9780261103252,,1,"8,10"\n'
    let answer: Awaited<ReturnType<typeof send>> | undefined
    const copies = await gained(async () => {
      answer = await send(table, document)
    })
    expect(answer?.status).toBe(200)
    expect(answer?.body).toEqual({
      document,
      dryRun: false,
      repeated: false,
      counts: { read: 3, booked: 3, unchanged: 0, refused: 0 },
      copies: 24,
      prices: 0,
      ignored: ['title'],
      issues: [],
    })
    expect(copies).toEqual([21, 3])
    const ledger = await shop.send('GET', `/api/inventory/${lotr}/ledger`, { as: 'staff' })
    expect(ledger.body.items).toMatchObject([
      { onHand: 1, reason: 'goods_in', document, actor: accountIds.staff },
      { onHand: 20, reason: 'goods_in', document },
    ])
    const inventory = await shop.send('GET', `/api/inventory/${lotr}`, { as: 'staff' })
    expect(inventory.body.unitCost).toEqual({ amount: 810, currency: 'EUR' })
    expect(await shop.settle()).toEqual([])
    expect(shop.catalog.inStock.get(dune)).toBe(true)
  })

  it('says what would happen and changes nothing in a dry run', async () => {
    const document = newDocument()
    const table = 'isbn,quantity\n9780261103252,2\n'
    const copies = await gained(async () => {
      const { body } = await send(table, document, { dryRun: '&dryRun=true' })
      expect(body).toMatchObject({ dryRun: true, repeated: false, counts: { booked: 1 }, copies: 2 })
    })
    expect(copies).toEqual([0, 0])
    expect((await send(table, document)).body).toMatchObject({ repeated: false, counts: { booked: 1 } })
  })

  it('keeps no buyer waiting in a dry run', async () => {
    await send('isbn,quantity\n9780261103252,2\n')
    const { body } = await shop.test.database.transaction(async (tx) => {
      await tx.query(sql`select from orders.stock where book_id = ${lotr} for update`)
      return send('isbn,quantity\n9780261103252,2\n', newDocument(), { dryRun: '&dryRun=true' })
    })
    expect(body).toMatchObject({ dryRun: true, counts: { booked: 1 } })
  })

  it('that is sent again changes nothing and says so', async () => {
    const document = newDocument()
    const table = 'isbn,quantity\n9780261103252,2\n9780441013593,2\n9780261103252,2\n'
    const copies = await gained(async () => {
      const both = await Promise.all([send(table, document), send(table, document)])
      expect(both.map(({ body }) => body.repeated).sort()).toEqual([false, true])
      // The same lines, in another spelling and order.
      const again = await send('EAN;Qty\n9780441013593;2\n978 0261103252;+2\n9780261103252;2', document)
      expect(again.body).toMatchObject({
        repeated: true,
        counts: { read: 3, booked: 0, unchanged: 3, refused: 0 },
        copies: 0,
      })
    })
    expect(copies).toEqual([4, 2])
  })

  it.each([
    ['another quantity', '9780261103252,3\n9780441013593,2'],
    ['a line less', '9780261103252,2'],
    ['a line more', '9780261103252,2\n9780441013593,2\n9780441013593,1'],
    ['other lines', '9780441013593,7'],
  ])('with the number of another one is refused: %s', async (_, lines) => {
    const document = newDocument()
    await send('isbn,quantity\n9780261103252,2\n9780441013593,2', document)
    const copies = await gained(async () => {
      const { status, body } = await send(`isbn,quantity\n${lines}`, document)
      expect([status, body.code]).toEqual([409, 'document_reused'])
    })
    expect(copies).toEqual([0, 0])
  })

  it('has its refused rows reported and the others booked; corrected, they are booked once', async () => {
    const document = newDocument()
    const table = (third: string, fourth = '9780316769488,1') =>
      `isbn,quantity\n9780261103252,2\n9780261103253,4\n9780441013593,${third}\n${fourth}\n`
    let first: Awaited<ReturnType<typeof send>> | undefined
    expect(
      await gained(async () => {
        first = await send(table('many'), document)
      }),
    ).toEqual([2, 0])
    expect(first?.status).toBe(200)
    expect(first?.body.counts).toEqual({ read: 4, booked: 1, unchanged: 0, refused: 3 })
    expect(first?.body.issues).toEqual([
      {
        line: 3,
        column: 'isbn',
        code: 'isbn_check_digit',
        value: '9780261103253',
        message: expect.stringContaining('ask for 2'),
        severity: 'refused',
      },
      {
        line: 4,
        column: 'quantity',
        code: 'quantity_invalid',
        value: 'many',
        message: 'not a number of copies from 1 to 100000',
        severity: 'refused',
      },
      {
        line: 5,
        column: 'isbn',
        code: 'isbn_unknown',
        value: '9780316769488',
        message: expect.stringContaining('no book'),
        severity: 'refused',
      },
    ])
    expect(await gained(() => send(table('5'), document))).toEqual([0, 5])
    expect(await gained(() => send(table('5'), document))).toEqual([0, 0])
    const third = await send(table('5', '9780441013593,1'), document)
    expect(third.body.counts).toEqual({ read: 4, booked: 1, unchanged: 2, refused: 1 })
    // One row is still to come, and no more.
    const fourth = await send(`${table('5', '9780441013593,1')}9780441013593,2\n9780441013593,3\n`, document)
    expect(fourth.body.code).toBe('document_reused')
  })

  it('of which nothing can be booked leaves its number free', async () => {
    const document = newDocument()
    const { status, body } = await send('isbn,quantity\n9780316769488,1', document)
    expect([status, body.counts.refused]).toEqual([200, 1])
    expect((await send('isbn,quantity\n9780441013593,1', document)).body).toMatchObject({ repeated: false })
  })

  it('tells the catalogue what books are sold for from now on, once, the last line of each', async () => {
    const table =
      'isbn,quantity,price,currency\n9780441013593,1,12.99,EUR\n9780261103252,1,,\n9780441013593,2,"13,49 €",\n'
    const document = newDocument()
    const dry = await send(table, document, { dryRun: '&dryRun=true' })
    expect(dry.body).toMatchObject({ counts: { booked: 3 }, prices: 1, issues: [] })
    expect((await send(table, document)).body).toMatchObject({ copies: 4, prices: 1, issues: [] })
    expect((await send(table, document)).body).toMatchObject({ copies: 0, prices: 0 })
    await send('isbn,quantity,price\n9780441013593,1,9\n')
    expect(await shop.settle()).toEqual([])
    const { prices } = shop.catalog
    const told = { bookId: dune, currency: 'EUR', actor: accountIds.staff }
    expect(prices).toMatchObject([
      { ...told, amount: 1349 },
      { ...told, amount: 900 },
    ])
    expect(prices[0]?.sequence).toBeLessThan(prices[1]?.sequence ?? 0)
  })

  it('is for staff', async () => {
    expect((await send('isbn,quantity\n9780441013593,1', newDocument(), { as: 'customer' })).status).toBe(403)
  })
})

describe('a row is refused for', () => {
  it.each([
    ['9780441013593,-1', 'quantity', 'quantity_invalid'],
    ['9780441013593,0', 'quantity', 'quantity_invalid'],
    ['9780441013593,1000000000', 'quantity', 'quantity_invalid'],
    ['9780441013593,100001', 'quantity', 'quantity_invalid'],
    ['9780441013593,1.5', 'quantity', 'quantity_invalid'],
    ['9780441013593,', 'quantity', 'quantity_missing'],
    ['9780441013593', 'quantity', 'quantity_missing'],
    [',1', 'isbn', 'isbn_missing'],
    ['9.78E+12,1', 'isbn', 'isbn_destroyed'],
    ['12345,1', 'isbn', 'isbn_length'],
    ['9780439023481,1', 'isbn', 'inventory_not_tracked'],
    ['9780441013593,1,cheap', 'cost', 'cost_invalid'],
    ['9780441013593,1,-1.00', 'cost', 'cost_invalid'],
    ['9780441013593,1,7.50 USD', 'cost', 'cost_invalid'],
    ['9780441013593,1,99999999999', 'cost', 'cost_invalid'],
    ['9780441013593,1,,cheap', 'price', 'price_invalid'],
    ['9780441013593,1,,-1.00', 'price', 'price_invalid'],
    ['9780441013593,1,,7.50 USD', 'price', 'price_invalid'],
    ['9780441013593,1,,99999999999', 'price', 'price_invalid'],
    ['9780441013593,1,1,000,00', null, 'too_many_cells'],
    ['"9780441013593,1', null, 'quote_unclosed'],
  ])('%s', async (row, column, code) => {
    const copies = await gained(async () => {
      const { status, body } = await send(`isbn,quantity,cost,price\n${row}\n`)
      expect(status).toBe(200)
      expect(body.counts).toEqual({ read: 1, booked: 0, unchanged: 0, refused: 1 })
      expect(body.issues).toMatchObject([{ line: 2, column, code, severity: 'refused' }])
    })
    expect(copies).toEqual([0, 0])
  })

  it.each(['1.000', '"1,000"', '1 000', "1'000", '2.0', '1.'])(
    'a quantity that may be another: %s',
    async (quantity) => {
      const { body } = await send(`isbn,quantity\n9780441013593,${quantity}\n`)
      expect(body.counts).toMatchObject({ booked: 0, refused: 1 })
      expect(body.issues).toMatchObject([
        { column: 'quantity', code: 'quantity_invalid', message: expect.stringContaining('digits only') },
      ])
    },
  )

  it('nothing when a spreadsheet only changed how the ISBN is written', async () => {
    const { body } = await send('isbn,quantity\n"=""9780441013593""",1\n')
    expect(body).toMatchObject({
      counts: { booked: 1 },
      issues: [{ code: 'isbn_repaired', severity: 'warning' }],
    })
  })
})

describe('a file', () => {
  const table = 'isbn;Titel;quantity\n9780441013593;Der Wüstenplanet;2\n'
  it.each([
    ['Windows-1252', Buffer.from(table, 'latin1')],
    ['UTF-16 with its mark', Buffer.from(`\ufeff${table}`, 'utf16le')],
    ['UTF-8 with its mark', Buffer.from(`\ufeff${table}`)],
    ['lines that end in CR', Buffer.from(table.replaceAll('\n', '\r'))],
  ])('is read as %s', async (_, bytes) => {
    expect(await gained(() => send(bytes))).toEqual([0, 2])
  })

  it.each([
    ['blank', ' \n\n'],
    ['without the columns', 'title,price\nDune,3\n'],
    ['without quantities', 'isbn,title\n9780441013593,Dune\n'],
    ['without a header', '9780441013593,2\n'],
    ['garbage', Buffer.from('00ff00ff01020304050607', 'hex')],
    ['a workbook', Buffer.from('504b030414000600', 'hex')],
    ['one open quote', '"isbn,quantity'],
  ])('that is %s is refused', async (_, bytes) => {
    const { status, body } = await send(bytes)
    expect([status, body.code]).toEqual([400, 'goods_in_invalid'])
  })

  it('names the columns that it lacks', async () => {
    const { body } = await send('title\nDune\n')
    expect(body.errors).toMatchObject([
      { path: 'isbn', code: 'required' },
      { path: 'quantity', code: 'required' },
    ])
  })

  it('may have ten thousand rows', async () => {
    const rows = (count: number) => `isbn,quantity\n${'9780441013593,1\n'.repeat(count)}`
    expect(await gained(() => send(rows(10_000)))).toEqual([0, 10_000])
    expect((await send(rows(10_001))).body).toMatchObject({ code: 'goods_in_invalid' })
  })

  it('of more copies of a book than a shop can have is refused', async () => {
    const rows = `isbn,quantity\n${'9780441013593,100000\n'.repeat(10_000)}`
    for (const dryRun of ['&dryRun=true', '']) {
      const { status, body } = await send(rows, 'D-many', { dryRun })
      expect([status, body.code]).toEqual([400, 'goods_in_invalid'])
      expect(body.detail).toContain('1000000000')
    }
  })

  it('is a table of this type', async () => {
    expect((await send('{}', 'D', { type: 'application/json' })).body.code).toBe('unsupported_media_type')
    expect((await send('x', 'D', { type: 'text/csv; charset=latin1' })).status).toBe(415)
    expect((await send('', 'D')).body.code).toBe('body_required')
    expect((await send('isbn,quantity', '')).body.code).toBe('validation_failed')
    expect((await send('isbn,quantity', 'two\nlines')).body.code).toBe('validation_failed')
    const long = 'isbn,quantity\n'.padEnd(4_194_305, '\n')
    expect((await send(long, 'D')).body.code).toBe('body_too_large')
  })

  it('that breaks off gives its own error', async () => {
    const file = Readable.from(
      (async function* () {
        yield Buffer.from('isbn,quantity\n')
        throw new Error('the disk is gone')
      })(),
    )
    const delivery = { file, document: 'D', dryRun: false, actor: 'command' }
    await expect(receiveGoods(shop.orders.deps, delivery)).rejects.toThrow('the disk is gone')
  })
})

it('the ledger adds up to the stock after all of this', async () => {
  const { onHand } = await stockOf(shop, dune)
  const { sum } = await shop.test.database.one<{ sum: number }>(
    sql`select sum(on_hand) as sum from orders.stock_ledger where book_id = ${dune}`,
  )
  expect(sum).toBe(onHand)
})
