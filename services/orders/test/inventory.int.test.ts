import { randomUUID, randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkStock } from '../src/stock/index.ts'
import { accountIds, type OrdersHarness, startOrders, type Who } from './harness.ts'
import { buy, receive } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})

afterAll(() => shop.stop())

const get = (path: string, as: Who = 'staff') => shop.send('GET', `/api/inventory${path}`, { as })

function adjust(book: string, body: object, { key = randomUUID(), as = 'staff' as Who } = {}) {
  const headers = { 'idempotency-key': key }
  return shop.send('POST', `/api/inventory/${book}/adjustments`, { as, body, headers })
}

function patch(book: string, body: object, version: number | null) {
  const headers: Record<string, string> = version === null ? {} : { 'if-match': `"${version}"` }
  return shop.send('PATCH', `/api/inventory/${book}`, { as: 'staff', body, headers })
}

const nothing = {
  onHand: 0,
  held: 0,
  available: 0,
  policy: 'in_stock',
  reorderLevel: null,
  weightGrams: null,
  unitCost: null,
  version: 0,
}

describe('the stock of a book', () => {
  it('is nothing of version 0 where there never was any', async () => {
    const { id } = shop.catalog.add()
    const answer = await get(`/${id}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.etag).toBe('"0"')
    expect(answer.body).toEqual({ bookId: id, ...nothing })
  })

  it('is found by the ISBN in any written form, and by an id in capitals', async () => {
    const { id } = shop.catalog.add({ isbn13: '9780439023481' })
    for (const book of ['9780439023481', '0-439-02348-3', id.toUpperCase()]) {
      expect((await get(`/${book}`)).body.bookId).toBe(id)
    }
  })

  it.each(['9780439023498', '9780306406157', randomUUIDv7(), 'no-book', '%00'])(
    'is not there for %s, which the catalogue does not know',
    async (book) => {
      const answers = [
        await get(`/${book}`),
        await get(`/${book}/ledger`),
        await adjust(book, { delta: 1, reason: 'goods_in' }),
        await patch(book, { policy: 'backorder' }, 0),
      ]
      const codes = answers.map(({ status, body }) => [status, body.code])
      const expected = book === '%00' ? [400, 'validation_failed'] : [404, 'inventory_not_found']
      expect(codes).toEqual(codes.map(() => expected))
    },
  )

  it('is reached by its id once the catalogue has no such book any more', async () => {
    const { id } = shop.catalog.add({ isbn13: '9780316769488' })
    await receive(shop, id, 3)
    shop.catalog.remove(id)
    expect(await get(`/${id.toUpperCase()}`)).toMatchObject({ status: 200, body: { bookId: id, onHand: 3 } })
    const adjusted = await adjust(id, { delta: -3, reason: 'damaged' })
    expect(adjusted).toMatchObject({ status: 200, body: { onHand: 0, version: 0 } })
    expect((await get(`/${id}/ledger`)).body.items).toMatchObject([{ onHand: -3 }, { onHand: 3 }])
    expect((await patch(id, { policy: 'backorder' }, 0)).status).toBe(200)
    expect((await get('/9780316769488')).body.code).toBe('inventory_not_found')
  })

  it('is seen and put right once the book has become an e-book', async () => {
    const book = shop.catalog.add({ title: 'Dune' })
    await receive(shop, book.id, 3)
    shop.catalog.add({ ...book, format: 'ebook' })
    expect(await get(`/${book.id}`)).toMatchObject({ status: 200, body: { onHand: 3 } })
    expect((await adjust(book.id, { delta: -3, reason: 'adjustment' })).body).toMatchObject({ onHand: 0 })
    expect((await get(`/${book.id}/ledger`)).body.items).toHaveLength(2)
  })

  it('is not counted of an e-book', async () => {
    const { id } = shop.catalog.add({ format: 'ebook' })
    const answers = [
      await get(`/${id}`),
      await get(`/${id}/ledger`),
      await adjust(id, { delta: 1, reason: 'goods_in' }),
      await patch(id, { policy: 'backorder' }, 0),
    ]
    const codes = answers.map(({ status, body }) => [status, body.code])
    expect(codes).toEqual(codes.map(() => [409, 'inventory_not_tracked']))
  })

  it('is for staff', async () => {
    const { id } = shop.catalog.add()
    for (const path of ['', `/${id}`, `/${id}/ledger`]) {
      expect((await get(path, 'customer')).status).toBe(403)
      expect((await get(path, 'admin')).status).toBe(200)
      expect((await shop.send('GET', `/api/inventory${path}`)).status).toBe(401)
    }
  })
})

describe('how it is sold', () => {
  it('is changed by a merge patch, of the version that was seen', async () => {
    const { id } = shop.catalog.add()
    const first = await patch(id, { policy: 'backorder', reorderLevel: 3 }, 0)
    expect(first.status).toBe(200)
    expect(first.headers.etag).toBe('"1"')
    expect(first.body).toEqual({ bookId: id, ...nothing, policy: 'backorder', reorderLevel: 3, version: 1 })
    const second = await patch(id, { reorderLevel: null, weightGrams: 420 }, 1)
    expect(second.body).toMatchObject({
      policy: 'backorder',
      reorderLevel: null,
      weightGrams: 420,
      version: 2,
    })
    expect((await get(`/${id}`)).body).toEqual(second.body)
    expect((await patch(id, { weightGrams: 420 }, 2)).body.version).toBe(2)
  })

  it('is changed by who has seen it, whatever was sold and came in since', async () => {
    const { id } = shop.catalog.add()
    await receive(shop, id, 5)
    const seen = await get(`/${id}`)
    expect((await buy(shop, id, 2)).status).toBe(202)
    await adjust(id, { delta: 1, reason: 'goods_in' })
    expect(await patch(id, { reorderLevel: 4 }, seen.body.version)).toMatchObject({
      status: 200,
      body: { onHand: 6, held: 2, reorderLevel: 4, version: seen.body.version + 1 },
    })
    // Its tag says nothing of the copies, so that it does not stand for an answer of before.
    const known = { 'if-none-match': String((await get(`/${id}`)).headers.etag) }
    await adjust(id, { delta: 1, reason: 'goods_in' })
    const again = await shop.send('GET', `/api/inventory/${id}`, { as: 'staff', headers: known })
    expect(again).toMatchObject({ status: 200, body: { onHand: 7 } })
  })

  it('is not changed by who has not seen it as it is', async () => {
    const { id } = shop.catalog.add()
    expect((await patch(id, { policy: 'backorder' }, null)).body.code).toBe('precondition_required')
    expect((await patch(id, { policy: 'backorder' }, 1)).body.code).toBe('precondition_failed')
    expect((await get(`/${id}`)).body).toEqual({ bookId: id, ...nothing })
    const both = await Promise.all([
      patch(id, { policy: 'backorder' }, 0),
      patch(id, { policy: 'preorder' }, 0),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412])
  })

  it.each([
    [{ policy: 'sometimes' }, '/policy', 'invalid_value'],
    [{ policy: null }, '/policy', 'wrong_type'],
    [{ reorderLevel: -1 }, '/reorderLevel', 'too_small'],
    [{ reorderLevel: 1e9 }, '/reorderLevel', 'too_large'],
    [{ weightGrams: 0 }, '/weightGrams', 'too_small'],
    [{ onHand: 5 }, '/onHand', 'unknown_field'],
    [{}, '', 'too_few'],
  ])('cannot be %j', async (body, path, code) => {
    const { id } = shop.catalog.add()
    const answer = await patch(id, body, 0)
    expect(answer.status).toBe(400)
    expect(answer.body.errors[0]).toMatchObject({ path, code })
  })
})

describe('an adjustment', () => {
  it('adds copies or takes them away, and is in the ledger with who and why', async () => {
    const { id } = shop.catalog.add()
    const added = await adjust(id, { delta: 10, reason: 'goods_in' })
    expect(added.status).toBe(200)
    expect(added.headers.etag).toBe('"0"')
    expect(added.body).toMatchObject({ bookId: id, onHand: 10, held: 0, available: 10, version: 0 })
    const taken = await adjust(id, { delta: -3, reason: 'damaged', note: 'wet' }, { as: 'admin' })
    expect(taken.body).toMatchObject({ onHand: 7, available: 7, version: 0 })
    const { items, nextCursor } = (await get(`/${id}/ledger`)).body
    const shared = { at: shop.clock.now.toISOString(), held: 0, orderId: null, document: null }
    expect(items).toEqual([
      {
        id: expect.any(Number),
        ...shared,
        onHand: -3,
        reason: 'damaged',
        actor: accountIds.admin,
        note: 'wet',
      },
      {
        id: expect.any(Number),
        ...shared,
        onHand: 10,
        reason: 'goods_in',
        actor: accountIds.staff,
        note: null,
      },
    ])
    expect(nextCursor).toBeNull()
    expect(await shop.settle()).toEqual([])
    expect(shop.catalog.inStock.get(id)).toBe(true)
  })

  it('takes neither more than there is, nor what is held', async () => {
    const { id } = shop.catalog.add()
    await receive(shop, id, 5)
    expect((await buy(shop, id, 2)).status).toBe(202)
    for (const delta of [-4, -6, -1_000_000]) {
      const answer = await adjust(id, { delta, reason: 'stocktake' })
      expect(answer.status).toBe(409)
      expect(answer.body).toMatchObject({ code: 'adjustment_refused', onHand: 5, held: 2 })
      expect(answer.body.detail).toContain('5 on hand, 2 of them held')
    }
    expect((await adjust(id, { delta: -3, reason: 'stocktake' })).body).toMatchObject({
      onHand: 2,
      available: 0,
    })
    expect(await checkStock(shop.test.database)).toMatchObject({ differences: [] })
  })

  it('adds no more copies than a shop can have', async () => {
    const { id } = shop.catalog.add()
    await receive(shop, id, 999_999_999)
    expect((await adjust(id, { delta: 1, reason: 'goods_in' })).status).toBe(200)
    const answer = await adjust(id, { delta: 1, reason: 'goods_in' })
    expect(answer.body).toMatchObject({ code: 'adjustment_refused', onHand: 1_000_000_000, held: 0 })
  })

  it('that is sent again is not done again', async () => {
    const { id } = shop.catalog.add()
    const key = randomUUID()
    const twice = await Promise.all([
      adjust(id, { delta: 4, reason: 'goods_in' }, { key }),
      adjust(id, { delta: 4, reason: 'goods_in' }, { key }),
    ])
    for (const { status, body } of twice) {
      if (status === 200) expect(body.onHand).toBe(4)
      else expect([status, body.code]).toEqual([409, 'idempotency_key_in_flight'])
    }
    expect(twice.some(({ status }) => status === 200)).toBe(true)
    expect((await adjust(id, { delta: 4, reason: 'goods_in' }, { key })).body).toMatchObject({ onHand: 4 })
    const other = await adjust(id, { delta: 5, reason: 'goods_in' }, { key })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused'])
    // Another person's key is another one.
    expect((await adjust(id, { delta: 5, reason: 'goods_in' }, { key, as: 'admin' })).body.onHand).toBe(9)
    const withoutKey = await shop.send('POST', `/api/inventory/${id}/adjustments`, {
      as: 'staff',
      body: { delta: 1, reason: 'goods_in' },
    })
    expect([withoutKey.status, withoutKey.body.code]).toEqual([400, 'idempotency_key_required'])
  })

  it('that was refused frees its key', async () => {
    const { id } = shop.catalog.add()
    const key = randomUUID()
    expect((await adjust(id, { delta: -1, reason: 'damaged' }, { key })).status).toBe(409)
    await receive(shop, id, 1)
    expect((await adjust(id, { delta: -1, reason: 'damaged' }, { key })).body.onHand).toBe(0)
  })

  it.each([
    [{ delta: 0, reason: 'adjustment' }, '/delta', 'invalid_value'],
    [{ delta: 1e9, reason: 'adjustment' }, '/delta', 'too_large'],
    [{ delta: -1e9, reason: 'adjustment' }, '/delta', 'too_small'],
    [{ delta: 1.5, reason: 'adjustment' }, '/delta', 'wrong_type'],
    [{ delta: 1, reason: 'sale' }, '/reason', 'invalid_value'],
    [{ delta: 1, reason: 'adjustment', note: 'two\nlines' }, '/note', 'wrong_format'],
    [{ reason: 'adjustment' }, '/delta', 'required'],
  ])('cannot be %j', async (body, path, code) => {
    const { id } = shop.catalog.add()
    const answer = await adjust(id, body)
    expect(answer.status).toBe(400)
    expect(answer.body.errors).toMatchObject([{ path, code }])
    expect((await get(`/${id}/ledger`)).body.items).toEqual([])
  })
})

describe('lists', () => {
  it('page the ledger, the newest first', async () => {
    const { id } = shop.catalog.add()
    const other = shop.catalog.add()
    for (const delta of [1, 2, 3]) await adjust(id, { delta, reason: 'goods_in' })
    const first = (await get(`/${id}/ledger?limit=2`)).body
    expect(first.items.map((item: { onHand: number }) => item.onHand)).toEqual([3, 2])
    const second = (await get(`/${id}/ledger?limit=2&cursor=${first.nextCursor}`)).body
    expect(second.items.map((item: { onHand: number }) => item.onHand)).toEqual([1])
    expect(second.nextCursor).toBeNull()
    const strange = await get(`/${other.id}/ledger?cursor=${first.nextCursor}`)
    expect([strange.status, strange.body.code]).toEqual([400, 'invalid_cursor'])
  })

  it('page the stock by book, and find what is to be reordered', async () => {
    const books = [0, 1, 2, 3].map(() => shop.catalog.add().id).sort()
    const [none = '', low = '', enough = '', waiting = ''] = books
    for (const id of [none, low, enough]) await receive(shop, id, 5)
    await patch(low, { reorderLevel: 5 }, 0)
    await patch(enough, { reorderLevel: 4 }, 0)
    await patch(waiting, { reorderLevel: 0, policy: 'preorder' }, 0)
    const all = (query: string) => everyPage(`${query}limit=2`)
    const ours = (ids: string[]) => ids.filter((id) => books.includes(id))
    const listed = await all('?')
    expect(listed).toEqual(listed.toSorted())
    expect(ours(listed)).toEqual(books)
    expect(ours(await all('?lowStock=true&'))).toEqual([low, waiting])
    expect(ours(await all('?lowStock=false&'))).toEqual([none, enough])
    expect(ours(await all('?policy=preorder&'))).toEqual([waiting])
    expect((await get('?cursor=x')).body.code).toBe('invalid_cursor')
  })

  async function everyPage(query: string): Promise<string[]> {
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const { body } = await get(query + (cursor === null ? '' : `&cursor=${cursor}`))
      ids.push(...body.items.map((item: { bookId: string }) => item.bookId))
      cursor = body.nextCursor
    } while (cursor !== null)
    return ids
  }
})
