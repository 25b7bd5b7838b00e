import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sumsByRate, sumsOf } from '../src/invoices/entries.ts'
import { issueInvoice } from '../src/invoices/issue-invoice.ts'
import type { Invoice } from '../src/invoices/schema.ts'
import { lockOrder } from '../src/process/order-row.ts'
import { recordCharge } from '../src/process/settlement.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { cancel, confirmed, handle, place, settled } from './support/handling.ts'
import { address } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
  await shop.test.database.query(sql`
    update orders.tax_rates set rate = 1900 where country = 'DE' and kind in ('ebook', 'shipping')`)
})

afterAll(() => shop.stop())

const euros = (amount: number) => ({ amount, currency: 'EUR' })

async function list(id: string) {
  const { body } = await shop.send('GET', `/api/orders/${id}/invoices`, { as: 'staff' })
  return body.items
}

async function document(href: string) {
  const { body } = await shop.send('GET', href, { as: 'staff' })
  return body
}

it('is written when the order is paid, with the taxes by rate', async () => {
  const { id, number } = await place(shop, [{ quantity: 2 }, { quantity: 1, book: { format: 'ebook' } }])
  expect(await list(id)).toEqual([])
  await settled(shop)
  const [summary, ...more] = await list(id)
  expect(more).toEqual([])
  expect(summary).toMatchObject({ kind: 'invoice', date: '2026-06-01', gross: euros(3 * 1299 + 295) })
  const invoice = await document(summary.href)
  expect(invoice).toMatchObject({
    kind: 'invoice',
    number: summary.number,
    orderId: id,
    orderNumber: number,
    invoiceNumber: null,
    seller: 'Books & Sons, High Street 2, 10115 Berlin, DE123456789',
    buyer: { email: 'customer@example.com', billingAddress: address, shippingAddress: address },
    totals: [
      { taxRate: 7, net: euros(2428), tax: euros(170), gross: euros(2598) },
      { taxRate: 19, net: euros(1340), tax: euros(254), gross: euros(1594) },
    ],
    tax: euros(424),
    gross: euros(4192),
  })
  expect(invoice.lines.map((line: { description: string }) => line.description)).toEqual([
    expect.stringMatching(/^Book/),
    expect.stringMatching(/^Book/),
    'Shipping',
  ])
})

it('is taken back by a credit note for each part that is given back', async () => {
  const order = await confirmed(shop, [{ quantity: 2 }, { quantity: 1, book: { format: 'ebook' } }])
  await handle(shop, order.id, 'ship', {})
  await handle(shop, order.id, 'return', { lines: [{ position: 1, quantity: 1, restock: true }] })
  await settled(shop)
  await handle(shop, order.id, 'refund', { amount: euros(1000), reason: 'sorry' })
  await settled(shop)
  await handle(shop, order.id, 'return', { lines: [{ position: 2, quantity: 1, restock: false }] })
  await settled(shop)
  const [invoice, ...notes] = await Promise.all(
    (await list(order.id)).map(({ href }: { href: string }) => document(href)),
  )
  expect(notes.map(({ kind, invoiceNumber }) => [kind, invoiceNumber])).toEqual(
    notes.map(() => ['credit_note', invoice.number]),
  )
  const [returned, goodwill, ebook] = notes
  expect(returned.lines).toMatchObject([
    { position: 1, quantity: 1, taxRate: 7, tax: euros(85), gross: euros(1299) },
  ])
  expect(goodwill).toMatchObject({ reason: 'sorry', gross: euros(1000) })
  expect(goodwill.totals.map(({ taxRate }: { taxRate: number }) => taxRate)).toEqual([7, 19])
  // The goodwill has taken of the e-book's rate, so that no line of its price is left.
  expect(ebook).toMatchObject({ gross: euros(1299), lines: [{ position: null }, { position: null }] })

  await handle(shop, order.id, 'refund', { amount: euros(594), reason: 'the last of it' })
  await settled(shop)
  const all = await Promise.all((await list(order.id)).map(({ href }: { href: string }) => document(href)))
  expect(sums(all.slice(1))).toEqual(sums([invoice]))
})

/** Gross and tax by rate, of all these documents. */
function sums(documents: Invoice[]) {
  return sumsByRate(documents.flatMap(sumsOf))
}

it('is taken back line by line when the order is cancelled', async () => {
  const order = await confirmed(shop, [{ quantity: 2 }])
  await cancel(shop, order.id)
  await settled(shop)
  const [invoice, note] = await Promise.all(
    (await list(order.id)).map(({ href }: { href: string }) => document(href)),
  )
  expect(note).toMatchObject({ lines: invoice.lines, totals: invoice.totals, gross: invoice.gross })
})

it('has none, and no credit note, for money that came when the order was over', async () => {
  const { id } = await place(shop, [{ quantity: 1 }])
  await shop.test.database.query(sql`update orders.payments set attempted_at = now() where order_id = ${id}`)
  await cancel(shop, id)
  const { body } = await shop.send('GET', `/api/orders/${id}`, { as: 'staff' })
  await shop.payments.charge({
    key: `charge-${id}`,
    amount: body.total.amount,
    currency: 'EUR',
    token: 'tok_approve',
    reference: id,
  })
  await settled(shop)
  expect(await list(id)).toEqual([])
  expect((await shop.send('GET', `/api/orders/${id}`, { as: 'staff' })).body.status).toBe('refunded')
})

it('is listed in pages', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  for (const reason of ['one', 'two', 'three']) {
    await handle(shop, order.id, 'refund', { amount: euros(1), reason })
    await settled(shop)
  }
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const url = `/api/orders/${order.id}/invoices?limit=2${cursor && `&cursor=${cursor}`}`
    const { body } = await shop.send('GET', url, { as: 'staff' })
    seen.push(...body.items.map(({ href }: { href: string }) => href))
    cursor = body.nextCursor
  }
  expect(seen).toHaveLength(4)
  expect(new Set(seen).size).toBe(4)
  expect(seen[0]).toContain('/invoices/invoice/')
  const bad = await shop.send('GET', `/api/orders/${order.id}/invoices?cursor=x`, { as: 'staff' })
  expect(bad.body.code).toBe('invalid_cursor')
})

it('is a page for browsers, which says what it is given as text', async () => {
  const title = '<script>alert("1")</script> & Co'
  const name = "O'Neil <b>"
  const order = await confirmed(shop, [{ quantity: 1, book: { title, isbn13: '9780439023481' } }], {
    more: { billingAddress: { ...address, name, line2: 'Floor 2', region: 'BE' } },
  })
  await handle(shop, order.id, 'refund', { amount: euros(100), reason: '<img src=x>' })
  await settled(shop)
  const [{ href }, { href: noteHref }] = await list(order.id)
  const headers = { accept: 'text/html,application/xhtml+xml' }
  const page = await shop.send('GET', href, { as: 'customer', headers })
  expect(page.status).toBe(200)
  expect(page.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'private, no-store',
    vary: expect.stringContaining('accept'),
    'content-security-policy': expect.stringContaining("style-src 'sha256-"),
  })
  expect(page.body).toContain(
    '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; Co, ISBN 9780439023481',
  )
  expect(page.body).toContain('O&#39;Neil &lt;b&gt;\nMain Street 1\nFloor 2\n10115 Berlin\nBE\nDE')
  expect(page.body).toContain('Books &amp; Sons')
  expect(page.body).toContain('€12.99')
  expect(page.body).not.toContain('<script')
  expect((await shop.send('GET', `${href}.html`, { as: 'customer' })).body).toBe(page.body)
  const note = await shop.send('GET', `${noteHref}.html`, { as: 'customer' })
  expect(note.body).toContain('Reason: &lt;img src=x&gt;')
  expect(note.body).toContain('For invoice: ')
})

it('is a page only for who would rather have one than JSON', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  const [{ href }] = await list(order.id)
  const typeFor = async (accept: string) => {
    const { headers } = await shop.send('GET', href, { as: 'customer', headers: { accept } })
    return String(headers['content-type']).split(';')[0]
  }
  for (const accept of [
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'application/json;q=0.5, TEXT/HTML ; charset=utf-8 ; q=0.9',
    'text/*, */*;q=0.1',
  ]) {
    expect([accept, await typeFor(accept)]).toEqual([accept, 'text/html'])
  }
  for (const accept of [
    'application/json, text/html;q=0.1',
    'application/json, text/html',
    'text/html;q=0.1, */*',
    'text/html;q=0, */*;q=0.1',
    '*/*',
  ]) {
    expect([accept, await typeFor(accept)]).toEqual([accept, 'application/json'])
  }
})

it('is for the owner of the order, a guest with its token, and staff', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  const other = await confirmed(shop, [{ quantity: 1 }], { as: 'stranger' })
  const [{ href, number }] = await list(order.id)
  for (const url of [href, `${href}.html`, `/api/orders/${order.id}/invoices`]) {
    expect((await shop.send('GET', url, { as: 'customer' })).status).toBe(200)
    const refused = await shop.send('GET', url, { as: 'stranger' })
    expect(refused).toMatchObject({ status: 404, body: { code: 'order_not_found' } })
    expect((await shop.send('GET', url)).status).toBe(404)
  }
  // Another order's number by way of one's own.
  const stolen = await shop.send('GET', `/api/orders/${other.id}/invoices/invoice/${number}`, {
    as: 'stranger',
  })
  expect(stolen).toMatchObject({ status: 404, body: { code: 'invoice_not_found' } })
  for (const path of ['invoice/0', 'invoice/x', 'bill/1', 'invoice/1.pdf', 'invoice/1e3']) {
    const answer = await shop.send('GET', `/api/orders/${order.id}/invoices/${path}`, { as: 'staff' })
    expect(answer.status).toBe(400)
  }
  const none = await shop.send('GET', `/api/orders/${order.id}/invoices/credit_note/999999999999999`, {
    as: 'staff',
  })
  expect(none.body.code).toBe('invoice_not_found')
})

it('has numbers without gaps, of 50 orders paid at once of which some are rolled back', async () => {
  const { deps } = shop.orders
  const orders = await Promise.all(
    Array.from({ length: 50 }, () => place(shop, [{ quantity: 1, book: { format: 'ebook' } }])),
  )
  const pay = async (id: string, index: number) => {
    if (index % 5 === 0) await expect(failing(id)).rejects.toThrow('rolled back')
    await recordCharge(deps, id, { status: 'charged', chargeId: `charge of ${id}`, reason: '' })
  }
  const failing = (id: string) =>
    deps.database.transaction(async (tx) => {
      const order = await lockOrder(tx, id)
      if (order === undefined) throw new Error(`there is no order ${id}`)
      await issueInvoice(tx, deps, order)
      throw new Error('rolled back')
    })
  await Promise.all(orders.map(({ id }, index) => pay(id, index)))
  const { count, last, taken } = await shop.test.database.one<{
    count: number
    last: number
    taken: number
  }>(sql`
    select count(*), max(number) as last, (select last from orders.number_series where series = 'invoice') as taken
    from orders.invoices where kind = 'invoice'`)
  expect(last).toBe(count)
  expect(taken).toBe(count)
  expect(count).toBeGreaterThanOrEqual(50)
})
