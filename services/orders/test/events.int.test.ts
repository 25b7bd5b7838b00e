import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createOrderFeed, orderEvents } from '../src/orders/order-events.ts'
import { moveOrder } from '../src/process/move.ts'
import { lockOrder } from '../src/process/order-row.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { cancel, confirmed, place, settled } from './support/handling.ts'
import { buy, receive } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
  await shop.server.start()
})
afterAll(() => shop.stop())

interface Seen {
  id: string
  event: string
  data: { seq: number; status: string; at: string; reason: string }
}

/** The events of an order, as a browser reads them. */
async function watch(url: string, headers: Record<string, string> = { authorization: 'Bearer customer' }) {
  const client = new AbortController()
  onTestFinished(() => client.abort())
  const answer = await fetch(shop.server.address() + url, { headers, signal: client.signal })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  const seen: Seen[] = []
  let text = ''
  return {
    status: answer.status,
    hangUp: () => client.abort(),
    /** All there is, once there are so many; or when it ends. */
    async seen(count: number): Promise<Seen[]> {
      while (seen.length < count) {
        const { value, done } = (await reader?.read()) ?? { value: '', done: true }
        if (done) break
        const messages = (text + value).split('\n\n')
        text = messages.pop() ?? ''
        seen.push(...messages.flatMap(parse))
      }
      return seen
    },
    json: async () => JSON.parse((await reader?.read())?.value ?? ''),
  }
}

function parse(message: string): Seen[] {
  const fields = new Map(
    message.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
  )
  const data = fields.get('data')
  if (data === undefined) return []
  return [{ id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: JSON.parse(data) }]
}

const idsOf = (seen: readonly Seen[]) => seen.map(({ id }) => Number(id))

/** Adds an entry to an order's history. */
async function note(orderId: string, reason: string): Promise<void> {
  const { deps } = shop.orders
  await deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order !== undefined) await moveOrder(tx, deps, order, { reason, actor: 'system' })
  })
}

describe('the events of an order', () => {
  it('are its history, and then what becomes of it', async () => {
    const { id } = await place(shop, [{ quantity: 1 }])
    const stream = await watch(`/api/orders/${id}/events`)
    expect(await stream.seen(1)).toEqual([
      {
        id: '1',
        event: 'placed',
        data: { seq: 1, status: 'placed', at: '2026-06-01T12:00:00.000Z', reason: 'the order was placed' },
      },
    ])
    await settled(shop)
    await cancel(shop, id)
    await settled(shop)
    const seen = await stream.seen(5)
    expect(seen.map(({ event }) => event)).toEqual(['placed', 'paid', 'confirmed', 'cancelled', 'refunded'])
    const { body } = await shop.send('GET', `/api/orders/${id}`, { as: 'customer' })
    expect(seen.map(({ data }) => data)).toEqual(body.history)
  })

  it('come without gaps and repeats to one who comes again and again', async () => {
    const { id } = await confirmed(shop, [{ quantity: 1 }])
    const all: Seen[] = []
    let last = ''
    for (let round = 0; round < 3; round++) {
      const headers = { authorization: 'Bearer customer', ...(last !== '' && { 'last-event-id': last }) }
      const stream = await watch(`/api/orders/${id}/events`, headers)
      const writing = Promise.all([note(id, `a ${round}`), note(id, `b ${round}`), note(id, `c ${round}`)])
      all.push(...(await stream.seen(2)))
      stream.hangUp()
      await writing
      last = all.at(-1)?.id ?? ''
    }
    const stream = await watch(`/api/orders/${id}/events?after=1`, {
      authorization: 'Bearer staff',
      // The address stays the same when a browser comes again: what it has got since wins.
      'last-event-id': last,
    })
    all.push(...(await stream.seen(12 - all.length)))
    expect(idsOf(all)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
  })

  it('of a long history come whole', async () => {
    const { id } = await place(shop, [{ quantity: 1 }])
    for (let seq = 2; seq <= 130; seq++) await note(id, `entry ${seq}`)
    const stream = await watch(`/api/orders/${id}/events`)
    expect(idsOf(await stream.seen(130))).toEqual(Array.from({ length: 130 }, (_, index) => index + 1))
  })

  it.each([
    ['?after=2', {}, 3],
    ['?after=0', {}, 1],
    ['', { 'last-event-id': '2' }, 3],
    ['', { 'last-event-id': 'garbage' }, 1],
    ['', { 'last-event-id': '-1' }, 1],
    ['', { 'last-event-id': '9999999999' }, 1],
    ['?after=2', { 'last-event-id': '1.5' }, 3],
  ])('begin for %j and %j at %i', async (query, headers, first) => {
    const { id } = await confirmed(shop, [{ quantity: 1 }])
    const stream = await watch(`/api/orders/${id}/events${query}`, {
      authorization: 'Bearer customer',
      ...headers,
    })
    expect(idsOf(await stream.seen(1))[0]).toBe(first)
  })

  it.each(['-1', 'x', '2147483648'])('behind %s are refused', async (after) => {
    const { id } = await place(shop, [{ quantity: 1 }])
    const stream = await watch(`/api/orders/${id}/events?after=${after}`)
    expect(stream.status).toBe(400)
    expect(await stream.json()).toMatchObject({ code: 'validation_failed', errors: [{ path: 'after' }] })
  })

  it('are for those who may see the order', async () => {
    const book = shop.catalog.add()
    await receive(shop, book.id, 2)
    const { body: theirs } = await buy(shop, book.id, 1, { as: 'customer' })
    const { body: guests } = await buy(shop, book.id, 1)
    const statusOf = async (id: string, headers: Record<string, string>) =>
      (await watch(`/api/orders/${id}/events`, headers)).status
    expect(await statusOf(theirs.id, { authorization: 'Bearer staff' })).toBe(200)
    expect(await statusOf(theirs.id, { authorization: 'Bearer stranger' })).toBe(404)
    expect(await statusOf(theirs.id, {})).toBe(404)
    expect(await statusOf(guests.id, { 'order-token': guests.orderToken })).toBe(200)
    expect(await statusOf(guests.id, { 'order-token': `${guests.orderToken}x` })).toBe(404)
    expect(await statusOf('0198c0de-0000-7000-8000-000000000001', { authorization: 'Bearer staff' })).toBe(
      404,
    )
    const refused = await watch(`/api/orders/${theirs.id}/events`, { authorization: 'Bearer stranger' })
    expect(await refused.json()).toMatchObject({ code: 'order_not_found' })
    expect(await statusOf('nonsense', { authorization: 'Bearer staff' })).toBe(400)
  })

  it('end when the server stops', async () => {
    const other = await startOrders()
    onTestFinished(other.stop)
    await other.server.start()
    const { id } = await place(other, [{ quantity: 1 }])
    const socket = await openSocket(other.server.address())
    socket.write(
      `GET /api/orders/${id}/events HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer customer\r\n\r\n`,
    )
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    await vi.waitFor(() => expect(text).toContain('event: placed'))
    await Promise.all([once(socket, 'close'), other.server.stop()])
    // The end of the answer, and not a connection that broke.
    expect(text).toMatch(/0\r\n\r\n$/)
  })
})

describe('the watch over orders', () => {
  it('asks once for all who watch, for nobody else, and goes on when the store comes back', async () => {
    const { id } = await place(shop, [{ quantity: 1 }])
    const { database } = shop.orders.deps
    const lines: string[] = []
    /** For how many it asked each time. */
    const asked: number[] = []
    const flaky: typeof database = {
      ...database,
      async query(statement, options) {
        const [ids] = statement.values
        asked.push(Array.isArray(ids) ? ids.length : 0)
        if (asked.length < 3) throw new Error('the store has gone')
        return database.query(statement, options)
      },
    }
    const logger = createLogger({
      level: 'warn',
      readable: false,
      destination: { write: (line) => void lines.push(line) },
    })
    const feed = createOrderFeed({ database: flaky, logger })
    const ending = new AbortController()
    const streams = [1, 1, 1].map((after) =>
      orderEvents({ database, feed }, { orderId: id, after }, ending.signal),
    )
    const next = Promise.all(streams.map((stream) => stream.next()))
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(2), { timeout: 10_000 })
    await note(id, 'something')
    expect((await next).map(({ value }) => value?.id)).toEqual(['2', '2', '2'])
    expect(new Set(asked)).toEqual(new Set([3]))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('the store has gone')
    const after = Promise.all(streams.map((stream) => stream.next()))
    ending.abort()
    expect((await after).map(({ done }) => done)).toEqual([true, true, true])
    const times = asked.length
    expect(await feed.next({ orderId: id, after: 0 }, ending.signal)).toEqual([])
    expect(await feed.next({ orderId: id, after: 1 }, new AbortController().signal)).toHaveLength(1)
    expect(asked.slice(times)).toEqual([1])
  })
})

async function openSocket(address: string): Promise<Socket> {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}
