import { createRelay, sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { dropParkedMessageRoute } from '../src/routes/drop-parked-message.ts'
import { listParkedMessagesRoute } from '../src/routes/list-parked-messages.ts'
import { replayParkedMessageRoute } from '../src/routes/replay-parked-message.ts'
import { replayParkedMessagesRoute } from '../src/routes/replay-parked-messages.ts'
import { type SomeRoutes, startRoutes } from './support/some-routes.ts'

let shop: SomeRoutes
beforeAll(async () => {
  shop = await startRoutes([
    listParkedMessagesRoute,
    replayParkedMessageRoute,
    replayParkedMessagesRoute,
    dropParkedMessageRoute,
  ])
})
afterAll(() => shop.stop())
beforeEach(() => shop.test.database.query(sql`delete from orders.outbox`))

const sendAll = (body?: unknown) =>
  shop.send('POST', '/api/outbox/replays', { as: 'staff', ...(body !== undefined && { body }) })
const send = (method: 'GET' | 'POST' | 'DELETE', path = '') =>
  shop.send(method, `/api/outbox/parked${path}`, { as: 'staff' })

/** Messages that were given up, as the relay leaves them. @returns their sequences */
async function park(...keys: string[]): Promise<number[]> {
  const rows = await shop.test.database.query<{ id: number }>(sql`
    insert into orders.outbox (key, topic, payload, state, attempts, error, parked_at)
    select key, 'task', jsonb_build_object('task', 'orders.charge', 'kwargs', jsonb_build_object('order_id', key)),
      'parked', 5, 'no queue at amqp://shop:hunter2@rabbit', now()
    from unnest(${keys}::text[]) as keys (key) returning id`)
  return rows.map(({ id }) => id)
}

it('what is parked is listed by pages, without secrets', async () => {
  const [first, ...others] = await park('order 1', 'order 2', 'order 3')
  const page = await send('GET', '?limit=2')
  expect(page.body.items[0]).toEqual({
    sequence: first,
    key: 'order 1',
    topic: 'task',
    payload: { task: 'orders.charge', kwargs: { order_id: 'order 1' } },
    error: 'no queue at amqp://shop:[secret]@rabbit',
    attempts: 5,
    createdAt: expect.any(String),
    parkedAt: expect.any(String),
  })
  expect(page.body.items).toHaveLength(2)
  const rest = await send('GET', `?limit=2&cursor=${page.body.nextCursor}`)
  expect(rest.body).toMatchObject({ items: [{ sequence: others[1] }], nextCursor: null })
  expect(await send('GET', '?cursor=x')).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
})

it('what is replayed is published by the relay, and what is dropped is not', async () => {
  const [one, two, three] = await park('order 1', 'order 2', 'order 3')
  expect(await send('POST', `/${one}/replay`)).toMatchObject({ status: 204 })
  expect(await send('DELETE', `/${two}`)).toMatchObject({ status: 204 })
  for (const [method, path] of [
    ['POST', `/${one}/replay`],
    ['DELETE', `/${two}`],
    ['DELETE', '/999999'],
  ] as const) {
    expect(await send(method, path)).toMatchObject({
      status: 404,
      body: { code: 'outbox_message_not_found' },
    })
  }
  expect(await sendAll()).toMatchObject({ status: 200, body: { replayed: 1 } })
  expect(await sendAll()).toMatchObject({ status: 200, body: { replayed: 0 } })
  const published: number[] = []
  const relay = createRelay({
    database: shop.test.database,
    schema: 'orders',
    publish: async ({ sequence }) => void published.push(sequence),
    log: shop.deps.logger,
  })
  await relay.start?.()
  await relay.settle()
  await relay.stop?.()
  expect(published.toSorted()).toEqual([one, three])
})

it('is for staff', async () => {
  for (const [method, path] of [
    ['GET', ''],
    ['POST', '/1/replay'],
    ['DELETE', '/1'],
  ] as const) {
    expect(await shop.send(method, `/api/outbox/parked${path}`)).toMatchObject({ status: 401 })
    expect(await shop.send(method, `/api/outbox/parked${path}`, { as: 'customer' })).toMatchObject({
      status: 403,
    })
  }
  expect(await shop.send('POST', '/api/outbox/replays')).toMatchObject({ status: 401 })
  expect(await send('DELETE', '/one')).toMatchObject({ status: 400 })
})
