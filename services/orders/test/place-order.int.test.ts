import { randomUUID } from 'node:crypto'
import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accountIds, type OrdersHarness, startOrders } from './harness.ts'
import { address, buy, differences, orderOf, receive, stockOf } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})
afterAll(() => shop.stop())

/** A book of which there are so many copies. */
async function bookWith(copies: number, given: Parameters<OrdersHarness['catalog']['add']>[0] = {}) {
  const book = shop.catalog.add(given)
  if (copies > 0) await receive(shop, book.id, copies)
  return book
}

async function countOrders(): Promise<number> {
  const { count } = await shop.test.database.one<{ count: number }>(sql`select count(*) from orders.orders`)
  return count
}

describe('placing an order', () => {
  it('holds the copies, freezes what was sold, and answers before the money moves', async () => {
    const book = await bookWith(5, { title: 'The Hobbit', isbn13: '9780261102217' })
    const answer = await buy(shop, book.id, 2, { as: 'customer' })
    expect(answer.status).toBe(202)
    expect(answer.headers.location).toBe(`/api/orders/${answer.body.id}`)
    expect(answer.body).toMatchObject({
      status: 'placed',
      email: 'customer@example.com',
      orderToken: null,
      payment: { status: 'pending', refunded: { amount: 0, currency: 'EUR' } },
      lines: [
        {
          position: 1,
          bookId: book.id,
          isbn13: '9780261102217',
          title: 'The Hobbit',
          quantity: 2,
          unitPrice: { amount: 1299, currency: 'EUR' },
          total: { amount: 2598, currency: 'EUR' },
        },
      ],
      history: [{ seq: 1, status: 'placed' }],
    })
    expect(await stockOf(shop, book.id)).toEqual({ onHand: 5, held: 2 })
    expect(shop.payments.accountOf(`charge-${answer.body.id}`).calls).toBe(0)
  })

  it('is charged, confirmed and mailed by its tasks', async () => {
    const book = await bookWith(5)
    const { body } = await buy(shop, book.id, 1, { as: 'customer' })
    expect(await shop.settle()).toEqual([])
    const { body: order } = await shop.send('GET', `/api/orders/${body.id}`, { as: 'customer' })
    expect(order.status).toBe('confirmed')
    expect(order.history.map(({ status }: { status: string }) => status)).toEqual([
      'placed',
      'paid',
      'confirmed',
    ])
    expect(order.lines[0]).toMatchObject({ allocated: 1, shipped: 0 })
    expect(await stockOf(shop, book.id)).toEqual({ onHand: 4, held: 0 })
    expect(shop.payments.accountOf(`charge-${body.id}`)).toMatchObject({
      calls: 1,
      taken: order.total.amount,
    })
    expect(shop.mailer.sent.filter(({ to }) => to === 'customer@example.com').at(-1)?.text).toContain(
      book.title,
    )
    expect(await differences(shop)).toEqual([])
  })

  it('frees the copies of an order whose payment is declined, and says why', async () => {
    const book = await bookWith(1)
    const { body } = await buy(shop, book.id, 1, { as: 'customer', token: 'tok_decline' })
    await shop.settle()
    const { body: order } = await shop.send('GET', `/api/orders/${body.id}`, { as: 'customer' })
    expect(order).toMatchObject({ status: 'declined', payment: { status: 'declined' } })
    expect(order.payment.reason).toMatch(/declined/)
    expect(await stockOf(shop, book.id)).toEqual({ onHand: 1, held: 0 })
    expect((await buy(shop, book.id, 1, { as: 'customer' })).status).toBe(202)
  })

  it('of an e-book costs nothing to send, also where it was a paper book that weighed something', async () => {
    const book = await bookWith(1)
    await shop.test.database.query(sql`update orders.stock set weight_grams = 300 where book_id = ${book.id}`)
    const paper = await buy(shop, book.id, 1, { as: 'customer' })
    expect(paper.body.shipping.amount).toBeGreaterThan(0)
    const ebook = shop.catalog.add({ ...book, format: 'ebook' })
    expect((await buy(shop, ebook.id, 1, { as: 'customer' })).body.shipping.amount).toBe(0)
  })

  it('is confirmed at once with e-books, which need no stock and cost nothing to send', async () => {
    const book = shop.catalog.add({ format: 'ebook' })
    const { body } = await buy(shop, book.id, 3, { as: 'customer' })
    expect(body.shipping.amount).toBe(0)
    await shop.settle()
    const { body: order } = await shop.send('GET', `/api/orders/${body.id}`, { as: 'customer' })
    expect(order).toMatchObject({ status: 'shipped', lines: [{ allocated: 3, shipped: 3 }] })
  })
})

describe('an order that cannot be placed', () => {
  it('tells which lines are short, and what is left of each; nothing is written', async () => {
    const [plenty, few] = [await bookWith(10), await bookWith(2)]
    const before = await countOrders()
    const body = orderOf([
      { bookId: plenty.id, quantity: 1 },
      { bookId: few.id, quantity: 3 },
    ])
    const answer = await shop.send('POST', '/api/orders', {
      as: 'customer',
      body,
      headers: { 'idempotency-key': randomUUID() },
    })
    expect(answer.status).toBe(409)
    expect(answer.body).toMatchObject({
      code: 'out_of_stock',
      lines: [{ bookId: few.id, quantity: 3, available: 2 }],
      errors: [{ path: '/lines/1/quantity', code: 'out_of_stock' }],
    })
    expect(await countOrders()).toBe(before)
    expect(await stockOf(shop, plenty.id)).toEqual({ onHand: 10, held: 0 })
  })

  it.each([
    ['book_unknown', null],
    ['book_withdrawn', { availability: 'withdrawn' }],
    ['book_without_price', { price: null }],
    ['book_without_price', { price: { amount: 999, currency: 'USD', includesTax: true } }],
    ['book_not_released', { publishedOn: '2099-01-01' }],
    ['out_of_stock', {}],
  ] as const)('%s: %j', async (code, given) => {
    const before = await countOrders()
    const bookId = given === null ? randomUUID() : shop.catalog.add(given).id
    const answer = await buy(shop, bookId, 1, { as: 'customer' })
    expect([answer.status, answer.body.code]).toEqual([409, code])
    expect(answer.body.errors[0].path).toMatch(/^\/lines\/0\//)
    expect(await countOrders()).toBe(before)
  })

  it('with an expected total that is not the total: the new one is told', async () => {
    const book = await bookWith(5)
    const more = { expectedTotal: { amount: 1, currency: 'EUR' } }
    const { status, body } = await buy(shop, book.id, 1, { as: 'customer', more })
    expect([status, body.code, body.total.currency]).toEqual([409, 'total_changed', 'EUR'])
    const again = await buy(shop, book.id, 1, { as: 'customer', more: { expectedTotal: body.total } })
    expect(again.status).toBe(202)
    expect(again.body.total).toEqual(body.total)
  })

  it('which costs more than can be paid at once; what can be is placed, though no book costs as much', async () => {
    const dear = await bookWith(999, { price: { amount: 2_000_000_000, currency: 'EUR', includesTax: true } })
    const tooMany = await buy(shop, dear.id, 500, { as: 'customer' })
    expect([tooMany.status, tooMany.body.code]).toEqual([409, 'total_too_large'])
    expect(tooMany.body.detail).toContain('€9,999,999,999.99')
    expect(await stockOf(shop, dear.id)).toEqual({ onHand: 999, held: 0 })
    const { body } = await buy(shop, dear.id, 499, {
      as: 'customer',
      more: { expectedTotal: { amount: 1, currency: 'EUR' } },
    })
    expect(body.total.amount).toBeGreaterThan(998_000_000_000)
    const placed = await buy(shop, dear.id, 499, { as: 'customer', more: { expectedTotal: body.total } })
    expect([placed.status, placed.body.total]).toEqual([202, body.total])
  })

  const wrong: [string, Record<string, unknown>, string][] = [
    ['no lines', { lines: [] }, '/lines'],
    ['a negative quantity', { lines: [{ bookId: randomUUID(), quantity: -1 }] }, '/lines/0/quantity'],
    ['10^9 copies', { lines: [{ bookId: randomUUID(), quantity: 1e9 }] }, '/lines/0/quantity'],
    ['half a copy', { lines: [{ bookId: randomUUID(), quantity: 1.5 }] }, '/lines/0/quantity'],
    [
      'a thousand lines',
      { lines: Array.from({ length: 1000 }, () => ({ bookId: randomUUID(), quantity: 1 })) },
      '/lines',
    ],
    ['a book id that is none', { lines: [{ bookId: 'nope', quantity: 1 }] }, '/lines/0/bookId'],
    ...['Germany', 'EL', 'UK', 'ZZ', 'de'].map((country): (typeof wrong)[number] => [
      `a country that is none: ${country}`,
      { shippingAddress: { ...address, country } },
      '/shippingAddress/country',
    ]),
    [
      'an invoice to a country that is none',
      { billingAddress: { ...address, country: 'EL' } },
      '/billingAddress/country',
    ],
    ['no payment', { payment: undefined }, '/payment'],
    ['a total of a fraction', { expectedTotal: { amount: 1.5, currency: 'EUR' } }, '/expectedTotal/amount'],
    ['a field that nobody knows', { discount: 100 }, '/discount'],
  ]
  it.each(wrong)('%s', async (_, more, path) => {
    const before = await countOrders()
    const body = orderOf([{ bookId: randomUUID(), quantity: 1 }], more)
    const answer = await shop.send('POST', '/api/orders', {
      as: 'customer',
      body,
      headers: { 'idempotency-key': randomUUID() },
    })
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
    expect(answer.body.errors[0].path).toBe(path)
    if (path.endsWith('/country'))
      expect(answer.body.detail).toContain('must be one of 249 values such as "DE"')
    expect(await countOrders()).toBe(before)
  })

  it('the same book twice, another currency, a country without a price, a guest without an address', async () => {
    const book = await bookWith(5)
    const line = { bookId: book.id, quantity: 1 }
    const post = (body: unknown, as?: 'customer') =>
      shop.send('POST', '/api/orders', {
        body,
        headers: { 'idempotency-key': randomUUID() },
        ...(as && { as }),
      })
    const twice = await post(orderOf([line, { ...line, bookId: line.bookId.toUpperCase() }]), 'customer')
    expect([twice.status, twice.body.errors[0].path]).toEqual([400, '/lines/1/bookId'])
    const dollars = await post(orderOf([line], { expectedTotal: { amount: 1, currency: 'USD' } }), 'customer')
    expect([dollars.status, dollars.body.errors[0].code]).toEqual([400, 'currency_other'])
    const pigeon = await post(orderOf([line], { shippingMethod: 'pigeon' }), 'customer')
    expect([pigeon.status, pigeon.body.code]).toEqual([409, 'country_not_served'])
    const guest = await post(orderOf([line]))
    expect([guest.status, guest.body.errors[0].path]).toEqual([400, '/email'])
  })
})

describe('an order sent again', () => {
  it('with the same key is placed once, and answered the same', async () => {
    const book = await bookWith(5)
    const key = randomUUID()
    const first = await buy(shop, book.id, 1, { as: 'customer', key })
    const again = await buy(shop, book.id, 1, { as: 'customer', key })
    expect([again.status, again.body.id]).toEqual([202, first.body.id])
    expect(await stockOf(shop, book.id)).toEqual({ onHand: 5, held: 1 })
  })

  it('many times at once is placed once; who comes while the first is in flight is told to wait', async () => {
    const book = await bookWith(5)
    const key = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => buy(shop, book.id, 1, { as: 'customer', key })),
    )
    const placed = answers.filter(({ status }) => status === 202)
    const waiting = answers.filter(({ status }) => status !== 202)
    expect(new Set(placed.map(({ body }) => body.id)).size).toBe(1)
    for (const { status, body } of waiting) {
      expect([status, body.code]).toEqual([409, 'idempotency_key_in_flight'])
    }
    expect(await stockOf(shop, book.id)).toEqual({ onHand: 5, held: 1 })
  })

  it('with another body is refused', async () => {
    const book = await bookWith(5)
    const key = randomUUID()
    await buy(shop, book.id, 1, { as: 'customer', key })
    const other = await buy(shop, book.id, 2, { as: 'customer', key })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
  })

  it("by somebody else with the same key is somebody else's order", async () => {
    const book = await bookWith(5)
    const key = randomUUID()
    const [mine, theirs] = [
      await buy(shop, book.id, 1, { as: 'customer', key }),
      await buy(shop, book.id, 1, { as: 'stranger', key }),
    ]
    expect(theirs.status).toBe(202)
    expect(theirs.body.id).not.toBe(mine.body.id)
  })

  it('after a refusal, which has written nothing, is placed', async () => {
    const book = await bookWith(0)
    const key = randomUUID()
    expect((await buy(shop, book.id, 1, { as: 'customer', key })).status).toBe(409)
    await receive(shop, book.id, 1)
    expect((await buy(shop, book.id, 1, { as: 'customer', key })).status).toBe(202)
  })

  it('is answered as before when the last copy is gone meanwhile, and forgotten after a day', async () => {
    const book = await bookWith(1)
    const key = randomUUID()
    const first = await buy(shop, book.id, 1, { as: 'customer', key })
    expect((await buy(shop, book.id, 1, { as: 'customer', key })).body.id).toBe(first.body.id)
    shop.clock.advance(25 * 60 * 60_000)
    await shop.run('orders.forget_keys')
    const { body } = await buy(shop, book.id, 1, { as: 'customer', key })
    expect(body.code).toBe('out_of_stock')
  })

  it('is forgotten after a day with all the others, however many', async () => {
    await shop.test.database.query(sql`
      insert into orders.idempotency_keys (scope, key, fingerprint, subject_id, created_at)
      select 'order:old', n::text, '', gen_random_uuid(), ${shop.clock.now}::timestamptz from generate_series(1, 20001) n`)
    const left = async () =>
      (await shop.test.database.query(sql`select from orders.idempotency_keys where scope = 'order:old'`))
        .length
    await shop.run('orders.forget_keys')
    expect(await left()).toBe(20_001)
    shop.clock.advance(25 * 60 * 60_000)
    await shop.run('orders.forget_keys')
    expect(await left()).toBe(0)
  })

  it.each([
    [undefined, 'idempotency_key_required'],
    ['', 'idempotency_key_required'],
    ['two words', 'validation_failed'],
    ['x'.repeat(256), 'validation_failed'],
    ['ä', 'validation_failed'],
  ])('needs a key: not %j', async (key, code) => {
    const book = await bookWith(1)
    const answer = await shop.send('POST', '/api/orders', {
      as: 'customer',
      body: orderOf([{ bookId: book.id, quantity: 1 }]),
      headers: key === undefined ? {} : { 'idempotency-key': key },
    })
    expect([answer.status, answer.body.code]).toEqual([400, code])
  })
})

describe('who sees an order', () => {
  let orderId: string
  let token: string

  beforeEach(async () => {
    const book = await bookWith(5)
    const { body } = await buy(shop, book.id, 1)
    orderId = body.id
    token = body.orderToken
  })

  it('a guest with its token, and no other', async () => {
    const withToken = (value: string) =>
      shop.send('GET', `/api/orders/${orderId}`, { headers: { 'order-token': value } })
    expect((await withToken(token)).status).toBe(200)
    expect((await withToken(`${token.slice(0, -2)}AA`)).status).toBe(404)
    expect((await shop.send('GET', `/api/orders/${orderId}`)).status).toBe(404)
    expect((await shop.send('GET', `/api/orders/${orderId}`, { as: 'customer' })).status).toBe(404)
    expect((await shop.send('GET', `/api/orders/${orderId}`, { as: 'staff' })).status).toBe(200)
  })

  it('with the address it was placed with, whose country may be none any more', async () => {
    const gone = { ...address, country: 'AN' }
    await shop.test.database.query(sql`
      update orders.orders set billing_address = ${JSON.stringify(gone)}::json where id = ${orderId}`)
    const { status, body } = await shop.send('GET', `/api/orders/${orderId}`, { as: 'staff' })
    expect([status, body.billingAddress]).toMatchObject([200, { country: 'AN' }])
  })

  it("an account its own, in the list too; never somebody else's", async () => {
    const book = await bookWith(5)
    const { body } = await buy(shop, book.id, 1, { as: 'stranger' })
    expect((await shop.send('GET', `/api/orders/${body.id}`, { as: 'stranger' })).status).toBe(200)
    expect((await shop.send('GET', `/api/orders/${body.id}`, { as: 'customer' })).status).toBe(404)
    const list = await shop.send('GET', '/api/orders?limit=100', { as: 'customer' })
    expect(list.body.items.map(({ id }: { id: string }) => id)).not.toContain(body.id)
    const sly = await shop.send('GET', '/api/orders?email=stranger@example.com', { as: 'customer' })
    expect(sly.body.items).toEqual([])
  })
})

describe('the list of orders', () => {
  it('is paged, the newest first, and searched by staff', async () => {
    const book = await bookWith(50, { isbn13: '9780439023481' })
    const ids: string[] = []
    for (let index = 0; index < 5; index++) {
      const { body } = await buy(shop, book.id, 1, { more: { email: `Page${index % 2}@example.com` } })
      ids.unshift(body.id)
    }
    const found: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body }: { body: { items: { id: string }[]; nextCursor: string | null } } = await shop.send(
        'GET',
        `/api/orders?isbn=0-439-02348-3&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
        { as: 'staff' },
      )
      expect(body.items.length).toBeLessThanOrEqual(2)
      found.push(...body.items.map(({ id }) => id))
      cursor = body.nextCursor
    }
    expect(found).toEqual(ids)
    const search = async (query: string) => {
      const { body } = await shop.send('GET', `/api/orders?${query}`, { as: 'staff' })
      return body.items.map(({ id }: { id: string }) => id)
    }
    expect(await search('email=page1@example.com')).toEqual([ids[1], ids[3]])
    const { body } = await shop.send('GET', `/api/orders/${ids[0]}`, { as: 'staff' })
    expect(await search(`number=${body.number}`)).toEqual([ids[0]])
    expect(await search('status=placed&isbn=9780439023481&from=2026-06-01')).toEqual(ids)
    const dayIn = (days: number) =>
      new Date(shop.clock.now.getTime() + days * 86_400_000).toISOString().slice(0, 10)
    expect(await search(`isbn=9780439023481&from=${dayIn(0)}&to=${dayIn(0)}`)).toEqual(ids)
    expect(await search(`isbn=9780439023481&to=${dayIn(-1)}`)).toEqual([])
    expect(await search(`isbn=9780439023481&from=${dayIn(1)}`)).toEqual([])
    expect(await search('isbn=9780439023481&from=0001-01-01&to=9999-12-31')).toEqual(ids)
    const wrong = await shop.send('GET', '/api/orders?isbn=123', { as: 'staff' })
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([400, 'isbn'])
  })

  it('is empty for who has bought nothing', async () => {
    const { body } = await shop.send('GET', '/api/orders', { as: 'admin', headers: {} })
    expect(Array.isArray(body.items)).toBe(true)
    const nobody = await shop.send('GET', `/api/orders?email=nobody@example.com`, { as: 'staff' })
    expect(nobody.body).toEqual({ items: [], nextCursor: null })
  })
})

describe('many buyers at once', () => {
  it('30 for 3 copies: 3 are sold, all others are told that it is out of stock', async () => {
    const book = await bookWith(3)
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        buy(shop, book.id, 1, { as: index % 2 ? 'customer' : 'stranger' }),
      ),
    )
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3)
    expect(answers.filter(({ body }) => body.code === 'out_of_stock')).toHaveLength(27)
    await shop.settle()
    expect(await stockOf(shop, book.id)).toEqual({ onHand: 0, held: 0 })
    expect(await differences(shop)).toEqual([])
  })

  it('orders of the same books in any order of lines never block each other for good', async () => {
    const books = [await bookWith(100), await bookWith(100), await bookWith(100)]
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const rotated = [...books.slice(index % 3), ...books.slice(0, index % 3)]
        return shop.send('POST', '/api/orders', {
          as: 'customer',
          body: orderOf(rotated.map(({ id }) => ({ bookId: id, quantity: 1 }))),
          headers: { 'idempotency-key': randomUUID() },
        })
      }),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202))
  })
})

describe('the ledger', () => {
  it('says who held copies and who freed them', async () => {
    const book = await bookWith(5)
    const { body } = await buy(shop, book.id, 1, { as: 'customer' })
    await shop.send('POST', `/api/orders/${body.id}/cancel`, { as: 'customer', body: {} })
    await buy(shop, book.id, 1)
    const rows = await shop.test.database.query(sql`
      select reason, actor from orders.stock_ledger where book_id = ${book.id} order by id offset 1`)
    expect(rows).toEqual([
      { reason: 'hold', actor: accountIds.customer },
      { reason: 'release', actor: accountIds.customer },
      { reason: 'hold', actor: 'guest' },
    ])
  })
})

it('asks no provider for the money of an order that costs nothing', async () => {
  const free = { amount: 0, currency: 'EUR', includesTax: true }
  const book = shop.catalog.add({ format: 'ebook', price: free })
  const { body } = await buy(shop, book.id, 1, { as: 'customer', token: 'tok_of_nobody' })
  expect(body.total.amount).toBe(0)
  expect(await shop.settle()).toEqual([])
  expect(shop.payments.calls.filter(({ key }) => key === `charge-${body.id}`)).toEqual([])
  const { body: order } = await shop.send('GET', `/api/orders/${body.id}`, { as: 'staff' })
  expect(order).toMatchObject({ status: 'shipped', payment: { status: 'charged' } })
})
