import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkOffer, readOffer } from '../src/placing/offer.ts'
import { getShippingRatesRoute } from '../src/routes/get-shipping-rates.ts'
import { getTaxRatesRoute } from '../src/routes/get-tax-rates.ts'
import { replaceShippingRatesRoute } from '../src/routes/replace-shipping-rates.ts'
import { replaceTaxRatesRoute } from '../src/routes/replace-tax-rates.ts'
import { type SomeRoutes, staffId, startRoutes } from './support/some-routes.ts'

let shop: SomeRoutes
beforeAll(async () => {
  shop = await startRoutes([
    getTaxRatesRoute,
    replaceTaxRatesRoute,
    getShippingRatesRoute,
    replaceShippingRatesRoute,
  ])
})
afterAll(() => shop.stop())

const get = (table: string) => shop.send('GET', `/api/rates/${table}`, { as: 'admin' })
const put = (table: string, rates: unknown[], ifMatch: unknown) =>
  shop.send('PUT', `/api/rates/${table}`, {
    as: 'admin',
    body: { rates },
    headers: { 'if-match': String(ifMatch) },
  })

/** What one copy of a book costs a buyer there, as an order would have it. */
async function priceIn(country: string) {
  const book = shop.catalog.add()
  const input = {
    lines: [{ bookId: book.id, quantity: 1 }],
    shippingAddress: { name: 'A', line1: 'B', postalCode: '1', city: 'C', country },
    shippingMethod: 'standard',
    payment: { token: 'tok_approve' },
  }
  const { lines, shipping, shippingTax } = checkOffer(await readOffer(shop.deps, input), input)
  return { taxRate: lines[0]?.taxRate, shipping, shippingTax }
}

describe('the rates to begin with', () => {
  it('tax books, e-books and audiobooks as their countries do, and shipping as books', async () => {
    const { body } = await get('tax')
    const of = (country: string) =>
      Object.fromEntries(
        body.rates
          .filter((rate: { country: string }) => rate.country === country)
          .map(({ kind, rate }: { kind: string; rate: number }) => [kind, rate]),
      )
    expect(of('DE')).toEqual({ book: 7, ebook: 7, audiobook: 7, shipping: 7 })
    expect(of('FR')).toEqual({ book: 5.5, ebook: 5.5, audiobook: 5.5, shipping: 5.5 })
    expect(of('GB')).toEqual({ book: 0, ebook: 0, audiobook: 20, shipping: 0 })
    expect(of('HU')).toEqual({ book: 5, ebook: 27, audiobook: 27, shipping: 5 })
    expect(of('US')).toEqual({})
    expect(body.rates).toHaveLength(4 * 30)
  })

  it('send to every country of the Union by two methods, and to all others', async () => {
    const { body } = await shop.send('GET', '/api/rates/shipping')
    const own = new Set(body.rates.map(({ country }: { country: string }) => country))
    expect(own.size).toBe(27 + 1)
    const of = async (country: string) =>
      (await shop.send('GET', `/api/rates/shipping?country=${country}`)).body.rates.map(
        (rate: { country: string; method: string; upToGrams: number; price: { amount: number } }) =>
          `${rate.country} ${rate.method} ${rate.upToGrams} ${rate.price.amount}`,
      )
    expect(await of('DE')).toEqual([
      'DE express 1000 1190',
      'DE express 5000 1490',
      'DE express 31500 2990',
      'DE standard 1000 295',
      'DE standard 5000 495',
      'DE standard 31500 995',
    ])
    expect(await of('US')).toEqual(
      body.rates
        .filter(({ country }: { country: string }) => country === '*')
        .map((rate: { method: string; upToGrams: number; price: { amount: number; currency: string } }) => {
          expect(rate.price.currency).toBe('EUR')
          return `* ${rate.method} ${rate.upToGrams} ${rate.price.amount}`
        }),
    )
    expect(await priceIn('FR')).toEqual({ taxRate: 550, shipping: 795, shippingTax: 41 })
    expect(await priceIn('US')).toEqual({ taxRate: 0, shipping: 1495, shippingTax: 0 })
  })
})

describe('replacing a table', () => {
  it('holds for the next order, once, for whoever has seen the version before', async () => {
    const { headers } = await get('tax')
    const rates = [
      { country: 'DE', kind: 'book', rate: 5.55 },
      { country: 'DE', kind: 'shipping', rate: 19 },
    ]
    const replaced = await put('tax', rates, headers.etag)
    expect(replaced).toMatchObject({ status: 200, body: { rates } })
    expect(await get('tax')).toMatchObject({ body: { rates }, headers: { etag: replaced.headers.etag } })
    expect(await priceIn('DE')).toMatchObject({ taxRate: 555, shippingTax: 47 })
    expect(await priceIn('FR')).toMatchObject({ taxRate: 0 })
    expect(await put('tax', [], headers.etag)).toMatchObject({
      status: 412,
      body: { code: 'precondition_failed' },
    })
    expect((await get('tax')).body).toEqual({ rates })
    expect(
      await shop.test.database.one(sql`select version, actor from orders.rate_tables where name = 'tax'`),
    ).toEqual({ version: 2, actor: staffId })
  })

  it('of shipping: a country uses those of * for methods of which it has none', async () => {
    const { headers } = await get('shipping')
    const rate = (country: string, method: string, upToGrams: number, amount: number) => {
      return { country, method, upToGrams, price: { amount, currency: 'EUR' } }
    }
    const rates = [
      rate('*', 'drone', 500, 9900),
      rate('*', 'standard', 500, 700),
      rate('FR', 'standard', 500, 300),
    ]
    expect(await put('shipping', rates, headers.etag)).toMatchObject({ status: 200, body: { rates } })
    const inFrance = await shop.send('GET', '/api/rates/shipping?country=FR')
    expect(inFrance.body.rates).toEqual([rates[0], rates[2]])
    expect(await priceIn('FR')).toMatchObject({ shipping: 300 })
    const seen = { 'if-none-match': String(inFrance.headers.etag) }
    expect(await shop.send('GET', '/api/rates/shipping?country=FR', { headers: seen })).toMatchObject({
      status: 304,
    })
  })

  it.each([
    [
      'tax',
      [
        { country: 'DE', kind: 'book', rate: 7 },
        { country: 'DE', kind: 'book', rate: 19 },
      ],
      '/rates/1',
      'repeated',
    ],
    ['tax', [{ country: 'DE', kind: 'book', rate: 7.001 }], '/rates/0/rate', 'too_fine'],
    ['shipping', [priced('USD')], '/rates/0/price/currency', 'currency_other'],
    ['shipping', [priced('EUR'), priced('EUR')], '/rates/1', 'repeated'],
  ])('of %s with %j is refused, and nothing changes', async (table, rates, path, code) => {
    const before = await get(table)
    expect(await put(table, rates, before.headers.etag)).toMatchObject({
      status: 400,
      body: { code: 'rates_invalid', errors: [{ path, code }] },
    })
    expect(await get(table)).toMatchObject({ headers: { etag: before.headers.etag }, body: before.body })
  })

  it.each([
    ['tax', { country: 'de', kind: 'book', rate: 7 }, '/rates/0/country'],
    ['tax', { country: 'EL', kind: 'book', rate: 6 }, '/rates/0/country'],
    ['tax', { country: '*', kind: 'book', rate: 6 }, '/rates/0/country'],
    ['tax', { country: 'DE', kind: 'toy', rate: 7 }, '/rates/0/kind'],
    ['shipping', { ...priced('EUR'), country: 'UK' }, '/rates/0/country'],
    ['tax', { country: 'DE', kind: 'book', rate: 101 }, '/rates/0/rate'],
    ['shipping', { ...priced('EUR'), upToGrams: 0 }, '/rates/0/upToGrams'],
    ['shipping', { ...priced('EUR'), method: 'By Air' }, '/rates/0/method'],
  ])('of %s refuses %j by its schema', async (table, rate, path) => {
    expect(await put(table, [rate], '*')).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path }] },
    })
  })

  it('needs If-Match, and is for administrators', async () => {
    const body = { rates: [] }
    for (const table of ['tax', 'shipping']) {
      const url = `/api/rates/${table}`
      expect(await shop.send('PUT', url, { as: 'admin', body })).toMatchObject({ status: 428 })
      expect(await shop.send('PUT', url, { as: 'staff', body })).toMatchObject({ status: 403 })
      expect(await shop.send('PUT', url, { body })).toMatchObject({ status: 401 })
    }
    expect(await shop.send('GET', '/api/rates/tax', { as: 'staff' })).toMatchObject({ status: 403 })
    expect(await shop.send('GET', '/api/rates/tax')).toMatchObject({ status: 401 })
    expect(await shop.send('GET', '/api/rates/shipping?country=germany')).toMatchObject({ status: 400 })
    expect(await shop.send('GET', '/api/rates/shipping?country=UK')).toMatchObject({ status: 400 })
  })
})

function priced(currency: string) {
  return { country: 'DE', method: 'standard', upToGrams: 1000, price: { amount: 300, currency } }
}
