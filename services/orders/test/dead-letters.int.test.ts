import { createDeadLetters, createWorker, type Worker } from '@colophon/celery'
import { encodeCursor } from '@colophon/http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dropDeadLetterRoute } from '../src/routes/drop-dead-letter.ts'
import { getDeadLetterRoute } from '../src/routes/get-dead-letter.ts'
import { listDeadLettersRoute } from '../src/routes/list-dead-letters.ts'
import { replayDeadLetterRoute } from '../src/routes/replay-dead-letter.ts'
import { replayDeadLettersRoute } from '../src/routes/replay-dead-letters.ts'
import { type SomeRoutes, startRoutes } from './support/some-routes.ts'

const routes = [
  listDeadLettersRoute,
  getDeadLetterRoute,
  replayDeadLetterRoute,
  replayDeadLettersRoute,
  dropDeadLetterRoute,
]
const nobody = '018f0000-0000-7000-8000-000000000000'

let shop: SomeRoutes
let worker: Worker
/** Whether the task goes on failing. */
let isBroken = true
const done: string[] = []

beforeAll(async () => {
  shop = await startRoutes(routes)
  const fail = async ({ order_id }: { order_id: string }) => {
    if (isBroken) throw new Error(`no answer from postgres://shop:hunter2@db/shop for ${order_id}`)
    done.push(order_id)
  }
  for (const name of ['orders.charge', 'orders.mail']) {
    shop.app.task({ name, queue: 'orders', retry: { max: 0 }, params: ['order_id'], run: fail })
  }
  worker = createWorker(shop.app, { queues: ['orders'] })
  await worker.start()
})
afterAll(async () => {
  await worker.stop()
  await shop.stop()
})
beforeEach(async () => {
  isBroken = true
  done.length = 0
  await shop.deps.deadLetters.dropAll()
})

const sendAll = (body?: unknown) =>
  shop.send('POST', '/api/dead-letter-replays', { as: 'staff', ...(body !== undefined && { body }) })
const send = (method: 'GET' | 'POST' | 'DELETE', path = '', body?: unknown) =>
  shop.send(method, `/api/dead-letters${path}`, { as: 'staff', ...(body !== undefined && { body }) })

/** Has tasks fail until there are so many dead letters. */
async function die(task: string, count = 1): Promise<void> {
  const before = await shop.deps.deadLetters.count()
  const sent = Array.from({ length: count }, (_, index) =>
    shop.app.send(task, { kwargs: { order_id: `order ${index}` } }),
  )
  for (const result of await Promise.all(sent)) await result.get({ timeout: 10 }).catch(() => {})
  await expect.poll(() => shop.deps.deadLetters.count(), { timeout: 10_000 }).toBe(before + count)
}

describe('dead letters', () => {
  it('are listed and shown with what happened to them, without secrets', async () => {
    await die('orders.charge')
    const { body, status } = await send('GET')
    expect(status).toBe(200)
    expect(body).toMatchObject({ nextCursor: null, items: [{ task: 'orders.charge', queue: 'orders' }] })
    const [{ id, taskId, error }] = body.items
    expect(error).toEqual({
      type: 'Exception',
      message: 'no answer from postgres://shop:[secret]@db/shop for order 0',
    })
    const shown = await send('GET', `/${id}`)
    expect(shown).toMatchObject({ status: 200, body: { id, taskId, reason: 'retries_exhausted' } })
    expect(shown.body.message).toContain('"order_id":"order 0"')
    expect(shown.body.traceback).toContain('[secret]@db')
    expect(JSON.stringify(shown.body)).not.toContain('hunter2')
  })

  it('are paged by a cursor, and found by task, queue and reason', async () => {
    await die('orders.charge', 3)
    await die('orders.mail', 2)
    const ids: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await send('GET', `?limit=2&task=orders.charge${cursor && `&cursor=${cursor}`}`)
      ids.push(...body.items.map(({ id }: { id: string }) => id))
      if (body.nextCursor === null) break
      cursor = body.nextCursor
    }
    expect(new Set(ids).size).toBe(3)
    expect(ids).toHaveLength(3)
    expect((await send('GET', '?queue=orders&reason=retries_exhausted')).body.items).toHaveLength(5)
    expect((await send('GET', '?queue=other')).body.items).toHaveLength(0)
    expect(await send('GET', '?reason=boredom')).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'reason' }] },
    })
    const { nextCursor } = (await send('GET', '?limit=2')).body
    const made = encodeCursor({ limit: 20 }, ['nowhere'])
    for (const cursor of [`${nextCursor}&task=orders.mail`, made, 'x']) {
      expect(await send('GET', `?cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { code: 'invalid_cursor' },
      })
    }
  })

  it('are sent again, one by one', async () => {
    await die('orders.charge')
    const [{ id, taskId }] = (await send('GET')).body.items
    isBroken = false
    const replayed = await send('POST', `/${id}/replay`)
    expect(replayed).toMatchObject({ status: 200, body: { id } })
    expect(replayed.body.taskId).not.toBe(taskId)
    await shop.app.result(replayed.body.taskId).get({ timeout: 10 })
    expect(done).toEqual(['order 0'])
    for (const answer of [await send('POST', `/${id}/replay`), await send('GET', `/${id}`)]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'dead_letter_not_found' } })
    }
  })

  it('are sent again together, a hundred a call, and those of another task stay', async () => {
    await die('orders.charge', 101)
    await die('orders.mail')
    isBroken = false
    const first = await sendAll({ task: 'orders.charge' })
    expect(first).toMatchObject({ status: 200, body: { refused: [], hasMore: true } })
    expect(first.body.replayed).toHaveLength(100)
    const second = await sendAll({ task: 'orders.charge', reason: 'retries_exhausted' })
    expect(second).toMatchObject({ status: 200, body: { refused: [], hasMore: false } })
    expect(second.body.replayed).toHaveLength(1)
    await expect.poll(() => done.length, { timeout: 10_000 }).toBe(101)
    expect((await send('GET')).body.items).toMatchObject([{ task: 'orders.mail' }])
    expect(await sendAll({ tusk: 'orders.mail' })).toMatchObject({ status: 400 })
    expect(await sendAll()).toMatchObject({ status: 200, body: { replayed: [{}], hasMore: false } })
    await expect.poll(() => done.length, { timeout: 10_000 }).toBe(102)
  })

  it('stay when their queue is gone, while the others are sent', async () => {
    await die('orders.charge')
    const [letter] = (await shop.deps.deadLetters.list()).letters
    if (letter === undefined) throw new Error('there is no letter')
    const lost = { ...letter, id: nobody, queue: 'gone' }
    await (await shop.app.broker()).deadLetters.add(lost)
    expect(await send('POST', `/${nobody}/replay`)).toMatchObject({
      status: 409,
      body: { code: 'dead_letter_stays', detail: expect.stringContaining('gone') },
    })
    isBroken = false
    const { body } = await sendAll({})
    expect(body).toMatchObject({ replayed: [{ id: letter.id }], refused: [{ id: nobody }] })
    expect((await send('GET')).body.items).toMatchObject([{ id: nobody }])
    await expect.poll(() => done.length, { timeout: 10_000 }).toBe(1)
  })

  it('that no person could read are shown as far as they can be', async () => {
    await die('orders.charge')
    const [letter] = (await shop.deps.deadLetters.list()).letters
    if (letter === undefined) throw new Error('there is no letter')
    await (await shop.app.broker()).deadLetters.add({
      ...letter,
      id: nobody,
      reason: 'undecodable',
      taskId: undefined,
      task: undefined,
      error: { type: 'DecodeError', message: 'x'.repeat(20_000), traceback: undefined },
      history: [{ at: '2026-01-01T00:00:00.000Z', event: 'retry', detail: 'password=hunter2 was wrong' }],
      message: { ...letter.message, body: Buffer.from([0xff, 0xfe]) },
    })
    const { body } = await send('GET', `/${nobody}`)
    expect(body).toMatchObject({ taskId: null, task: null, traceback: null, message: null })
    expect(body.history).toMatchObject([{ event: 'retry', detail: 'password=[secret] was wrong' }])
    expect(body.error.message).toHaveLength(10_003)
  })

  it('are dropped for good', async () => {
    await die('orders.charge')
    const [{ id }] = (await send('GET')).body.items
    expect(await send('DELETE', `/${id}`)).toMatchObject({ status: 204, body: '' })
    expect(await send('DELETE', `/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'dead_letter_not_found' },
    })
    expect((await send('GET')).body.items).toEqual([])
  })

  it('are for staff', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', `/${nobody}`],
      ['POST', `/${nobody}/replay`],
      ['DELETE', `/${nobody}`],
    ] as const) {
      expect(await shop.send(method, `/api/dead-letters${path}`)).toMatchObject({ status: 401 })
      expect(await shop.send(method, `/api/dead-letters${path}`, { as: 'customer' })).toMatchObject({
        status: 403,
      })
    }
    expect(await shop.send('POST', '/api/dead-letter-replays', { body: {} })).toMatchObject({ status: 401 })
    expect(await send('GET', '/no-uuid')).toMatchObject({ status: 400 })
  })
})

describe('a broker that is away', () => {
  it('is said so, with when to try again', async () => {
    const other = await startRoutes(routes)
    await other.app.close()
    try {
      for (const [method, path] of [
        ['GET', ''],
        ['GET', `/${nobody}`],
        ['POST', `/${nobody}/replay`],
        ['DELETE', `/${nobody}`],
      ] as const) {
        expect(await other.send(method, `/api/dead-letters${path}`, { as: 'staff' })).toMatchObject({
          status: 503,
          body: { code: 'store_unavailable' },
          headers: { 'retry-after': '1' },
        })
      }
    } finally {
      await other.stop()
    }
  })

  it('is asked on while its pages are empty, and not for ever', async () => {
    let asked = 0
    const deadLetters = createDeadLetters(shop.app)
    const barren = async () => {
      asked += 1
      return { letters: [], next: `2026-01-01T00:00:00.000Z/${asked}` }
    }
    const other = await startRoutes(routes, { deadLetters: { ...deadLetters, list: barren } })
    try {
      const { body } = await other.send('GET', '/api/dead-letters', { as: 'staff' })
      expect(body.items).toEqual([])
      expect(body.nextCursor).toEqual(expect.any(String))
      expect(asked).toBe(10)
    } finally {
      await other.stop()
    }
  })
})
