import { createBeat, createCelery, createWorker, type Worker } from '@colophon/celery'
import { sql } from '@colophon/postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MailError } from '../src/mail/port.ts'
import { reportNames, reports } from '../src/reports/index.ts'
import { dayBefore } from '../src/reports/report.ts'
import { reportEntries } from '../src/reports/schedule.ts'
import { defineReportTasks } from '../src/reports/tasks.ts'
import { type SomeRoutes, startRoutes } from './support/some-routes.ts'

let shop: SomeRoutes
let worker: Worker

beforeAll(async () => {
  shop = await startRoutes([])
  defineReportTasks(shop.app, shop.deps, { max: 2, delay: 0 })
  worker = createWorker(shop.app, { queues: ['orders'] })
  await worker.start()
})
afterAll(async () => {
  await worker.stop()
  await shop.stop()
})
afterEach(async () => {
  shop.mailer.sent.length = 0
  await shop.test.database.query(sql`delete from orders.reports`)
  await shop.test.database.query(sql`delete from orders.stock`)
})

const kept = () =>
  shop.test.database.query<{ name: string; status: string; day: string; error: string | null }>(sql`
    select name, status, day, error from orders.reports order by name`)

const done = (name: string, day: string) => ({ name, status: 'done', day, error: null })

/** Those of a night in the order of the mail. */
function files(day: string, stockDay: string): string[] {
  return reports.map(({ name, isOfNow }) => `${name}-${isOfNow ? stockDay : day}.csv`)
}

async function mail() {
  await expect.poll(() => shop.mailer.sent.length, { timeout: 15_000 }).toBeGreaterThan(0)
  return shop.mailer.sent[0]
}

/** A book that is to be reordered. */
async function runLow(): Promise<string> {
  const { id } = shop.catalog.add({ title: 'Nearly Gone' })
  await shop.test.database.query(sql`
    insert into orders.stock (book_id, reorder_level, updated_at) values (${id}, 2, now())`)
  return id
}

describe('the nightly reports', () => {
  it('are each kept, and mailed to staff as files', async () => {
    await runLow()
    await shop.app.send('reports.nightly')
    const sent = await mail()
    expect(sent).toMatchObject({
      id: 'reports-2026-05-31',
      to: 'staff@example.com',
      subject: 'Reports of 2026-05-31',
    })
    expect(sent?.text.split('\n')).toEqual([
      'Sales of the 7 days up to this one: 7 rows',
      'Sales of the day by author: 0 rows',
      'Sales of the day by publisher: 0 rows',
      'Stock to reorder: 1 row',
      'Stock that is not what its ledger says: 0 rows',
      '',
      'They are kept: GET /api/reports?day=2026-05-31, GET /api/reports?day=2026-06-01.',
      '',
    ])
    expect(sent?.attachments?.map(({ filename }) => filename)).toEqual(files('2026-05-31', '2026-06-01'))
    expect(sent?.attachments?.[3]?.content).toContain('Nearly Gone')
    expect(await kept()).toMatchObject(Array(reportNames.length).fill({ status: 'done', error: null }))
  })

  it('of a night that beat was late for are about its sales, and about stock as it is when they are made', async () => {
    await shop.app.send('reports.nightly', {}, { headers: { celery_beat_due: '2026-05-21T02:15:00.000Z' } })
    const sent = await mail()
    expect(sent?.subject).toBe('Reports of 2026-05-20')
    expect(sent?.attachments?.map(({ filename }) => filename)).toEqual(files('2026-05-20', '2026-06-01'))
    expect(await kept()).toEqual([
      ...['sales-by-author', 'sales-by-day', 'sales-by-publisher'].map((name) => done(name, '2026-05-20')),
      ...['stock-check', 'stock-to-reorder'].map((name) => done(name, '2026-06-01')),
    ])
  })

  it('are about the day before the night in which beat sent them', async () => {
    const beat = createBeat(shop.app, { entries: reportEntries, store: 'memory:' })
    await beat.start()
    const [entry] = await beat.list()
    expect(entry?.next?.toISOString()).toMatch(/T02:15:00\.000Z$/)
    await beat.trigger('nightly reports')
    expect((await mail())?.subject).toBe(`Reports of ${dayBefore(new Date())}`)
    expect(await kept()).toHaveLength(reportNames.length)
    await beat.stop()
  })

  it('made by two who do not know of each other are the same rows and the same mail', async () => {
    const send = () => shop.app.send('reports.nightly', { kwargs: { day: '2026-05-27' } })
    await Promise.all([send(), send()])
    await expect.poll(() => shop.mailer.sent.length, { timeout: 15_000 }).toBe(2)
    expect(new Set(shop.mailer.sent.map(({ id }) => id)).size).toBe(1)
    expect(await kept()).toHaveLength(reportNames.length)
  })

  it('that fail do not keep the others from being kept, and are told', async () => {
    await runLow()
    const { booksForSale } = shop.catalog
    let calls = 0
    shop.catalog.booksForSale = async () => {
      calls += 1
      throw new Error('no answer from\n http://shop:hunter2@catalog')
    }
    try {
      await shop.app.send('reports.nightly', { kwargs: { day: '2026-05-30' } })
      const sent = await mail()
      expect(sent?.subject).toBe('Reports of 2026-05-30: 1 failed')
      expect(sent?.text).toContain('Stock to reorder: failed: no answer from http://shop:[secret]@catalog\n')
      expect(sent?.attachments).toHaveLength(reportNames.length - 1)
      expect((await kept()).filter(({ status }) => status === 'failed')).toMatchObject([
        { name: 'stock-to-reorder', day: '2026-06-01', error: 'no answer from http://shop:[secret]@catalog' },
      ])
      expect(calls).toBe(3)
    } finally {
      shop.catalog.booksForSale = booksForSale
    }
  })

  it('that can neither be made nor kept as failed are told of all the same', async () => {
    await runLow()
    const { booksForSale } = shop.catalog
    shop.catalog.booksForSale = () => Promise.reject(new Error('no answer'))
    await shop.test.database.query(sql`
      alter table orders.reports add constraint none_failed check (status <> 'failed')`)
    try {
      await shop.app.send('reports.nightly', { kwargs: { day: '2026-05-26' } })
      const sent = await mail()
      expect(sent?.subject).toBe('Reports of 2026-05-26: 1 failed')
      expect(sent?.attachments).toHaveLength(reportNames.length - 1)
    } finally {
      shop.catalog.booksForSale = booksForSale
      await shop.test.database.query(sql`alter table orders.reports drop constraint none_failed`)
    }
  })

  it('are tried for as long as their mail before they count as failed', () => {
    const app = createCelery({ broker: 'memory:', results: 'memory:' })
    defineReportTasks(app, shop.deps)
    const retry = app.tasks.get('reports.finish')?.retry
    expect(retry).toMatchObject({ max: 8, delay: 10 })
    expect(app.tasks.get('reports.run')?.retry).toEqual(retry)
  })

  it('that fail once are tried again', async () => {
    await runLow()
    const { booksForSale } = shop.catalog
    shop.catalog.booksForSale = async () => {
      shop.catalog.booksForSale = booksForSale
      throw new Error('not now')
    }
    await shop.app.send('reports.nightly', { kwargs: { day: '2026-05-29' } })
    expect((await mail())?.subject).toBe('Reports of 2026-05-29')
  })

  it('tell of refunds that were refused and are owed, in the subject too', async () => {
    const { database } = shop.test
    const { number } = await database.one<{ number: number }>(sql`
      with o as (
        insert into orders.orders (id, email, status, currency, shipping_method, shipping_address, shipping,
          shipping_tax, shipping_tax_rate, tax, total, placed_at, updated_at)
        values (gen_random_uuid(), 'a@example.com', 'cancelled', 'EUR', 'standard', '{}', 0, 0, 0, 0, 1494, now(), now())
        returning id, number
      ), refused as (
        insert into orders.refunds (id, order_id, amount, reason, actor, status, refusal, created_at)
        select gen_random_uuid(), id, 1494, 'cancelled', 'system', 'refused', 'it is too old', now() from o
      ) select number from o`)
    await shop.app.send('reports.nightly', { kwargs: { day: '2026-05-24' } })
    const sent = await mail()
    await database.query(sql`delete from orders.refunds`)
    await database.query(sql`delete from orders.orders`)
    expect(sent?.subject).toBe('Reports of 2026-05-24: refunds are owed')
    expect(sent?.text).toMatch(
      new RegExp(
        `^Refunds .* owed:\nOrder ${number}: €14\\.94 \\(it is too old\\), refund [0-9a-f-]{36}\n\nSales of`,
      ),
    )
  })

  it('that find stock which does not add up say so in the subject', async () => {
    await shop.test.database.query(sql`
      insert into orders.stock (book_id, on_hand, updated_at) values (gen_random_uuid(), 1, now())`)
    await shop.app.send('reports.nightly', { kwargs: { day: '2026-05-28' } })
    expect((await mail())?.subject).toBe('Reports of 2026-05-28: stock does not add up')
  })

  it('whose mail is refused are a dead letter at once', async () => {
    const { send } = shop.mailer
    let tries = 0
    shop.mailer.send = () => {
      tries += 1
      return Promise.reject(new MailError('refused', '550 no such user'))
    }
    try {
      await shop.app.send('reports.nightly', { kwargs: { day: '2026-05-25' } })
      await expect.poll(() => shop.deps.deadLetters.count(), { timeout: 15_000 }).toBe(1)
      const { letters } = await shop.deps.deadLetters.list({ reason: 'rejected' })
      expect(letters).toMatchObject([{ task: 'reports.finish' }])
      expect(tries).toBe(1)
      await shop.deps.deadLetters.drop(letters.map(({ id }) => id))
    } finally {
      shop.mailer.send = send
    }
  })

  it('take no other day and no other report', async () => {
    await shop.app.send('reports.nightly', { kwargs: { day: 'yesterday' } })
    await shop.app.send('reports.run', { kwargs: { name: 'profit', day: '2026-05-31' } })
    await expect.poll(() => shop.deps.deadLetters.count(), { timeout: 15_000 }).toBe(2)
    const { letters } = await shop.deps.deadLetters.list({ reason: 'invalid_arguments' })
    expect(letters.map(({ task }) => task).toSorted()).toEqual(['reports.nightly', 'reports.run'])
    expect(shop.mailer.sent).toEqual([])
  })
})
