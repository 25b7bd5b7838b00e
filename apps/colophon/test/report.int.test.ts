import { createPostgresBroker } from '@colophon/celery'
import { sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { colophon, type Ended, secretKey, startHere, urlOf } from './support.ts'

let test: TestDatabase
let environment: Record<string, string>

beforeAll(async () => {
  test = await createTestDatabase()
  environment = { DATABASE_URL: urlOf(test), SECRET_KEY: secretKey }
  expect(await run('migrate')).toMatchObject({ code: 0 })
})
afterAll(() => test.drop())

const dayAgo = (ms: number) => new Date(Date.now() - ms).toISOString().slice(0, 10)
const run = (...args: string[]): Promise<Ended> => colophon(args, { environment })

/** Ctrl-C comes before anything is done. */
function stop(...args: string[]): Promise<Ended> {
  const running = startHere(args, { environment })
  running.interrupt()
  return running.ended
}

describe('report', () => {
  it('is made, kept, and printed as a table, CSV or JSON', async () => {
    const { code, stdout, stderr } = await run('report', 'sales-by-day', '--day', '2026-03-07')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(8)
    expect(lines[0]).toBe('day         currency  orders  copies   net   tax  gross  shipping  refunded')
    expect(lines[7]).toBe('2026-03-07  EUR            0       0  0.00  0.00   0.00      0.00      0.00')
    const csv = await run('report', 'sales-by-day', '--day', '2026-03-07', '--csv')
    expect(csv.stdout.split('\r\n')[7]).toBe('2026-03-07,EUR,0,0,0.00,0.00,0.00,0.00,0.00')
    const json = JSON.parse((await run('report', 'sales-by-day', '--day', '2026-03-07', '--json')).stdout)
    expect(json).toMatchObject({ name: 'sales-by-day', day: '2026-03-07', rowCount: 7 })
    const kept = await test.database.query(sql`select id, day, row_count from orders.reports`)
    expect(kept).toEqual([{ id: json.id, day: '2026-03-07', row_count: 7 }])
  })

  it.each([
    ['sales-by-author', 'yesterday', 86_400_000],
    ['stock-check', 'today', 0],
  ])('%s is about %s when no day is given', async (name, _, ago) => {
    const about = dayAgo(ago)
    expect(await run('report', name)).toMatchObject({ code: 0, stdout: `${name} of ${about}: nothing\n` })
    expect(await run('report', name, '--day', about)).toMatchObject({ code: 0 })
  })

  it.each(['stock-check', 'stock-to-reorder'])('%s is not put over that of an earlier day', async (name) => {
    const yesterday = dayAgo(86_400_000)
    expect(await run('report', name, '--day', yesterday)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `colophon: ${name} tells how stock is now, and not how it was on ${yesterday}: leave --day out\n`,
    })
    const kept = await test.database.query(sql`
      select from orders.reports where name = ${name} and day = ${yesterday}::date`)
    expect(kept).toEqual([])
  })

  it('that is cut says so beside its rows', async () => {
    await test.database.query(sql`
      insert into orders.stock (book_id, reorder_level, updated_at)
      select gen_random_uuid(), 5, now() from generate_series(1, 10001)`)
    const { stdout, stderr } = await run('report', 'stock-to-reorder', '--csv')
    expect(stdout.split('\r\n')).toHaveLength(10_002)
    expect(stderr).toBe('colophon: there are more than these 10000 rows\n')
    await test.database.query(sql`delete from orders.stock`)
  })

  it('has names that are listed', async () => {
    const { code, stdout } = await run('report', '--list')
    expect(code).toBe(0)
    expect(stdout).toContain('sales-by-day        Sales of the 7 days up to this one\n')
    expect(stdout.split('\n')).toHaveLength(6)
  })

  it.each([
    [[], 2, 'which report? --list lists them'],
    [['profit'], 2, 'Allowed choices are sales-by-day, '],
    [['sales-by-day', '--day', '2026-02-30'], 2, 'It must be a day'],
    [['sales-by-day', '--day', 'today'], 2, 'It must be a day'],
    [['sales-by-day', '--csv', '--json'], 2, 'cannot be used with'],
    [['sales-by-day', '--day', '2999-01-01'], 1, '2999-01-01 has not come yet'],
  ])('%j ends with %d', async (args, code, said) => {
    const ended = await run('report', ...args)
    expect(ended).toMatchObject({ code, stdout: '' })
    expect(ended.stderr).toContain(said)
  })
})

describe('dead-letters', () => {
  const letterId = (index: number) => `018f0000-0000-7000-8000-00000000000${index}`

  /** Dead letters as workers leave them on the shop's own broker. */
  async function die(...tasks: string[]): Promise<void> {
    const broker = createPostgresBroker(urlOf(test))
    await broker.open()
    for (const [index, task] of tasks.entries()) {
      await broker.declare({ name: 'orders' })
      await broker.deadLetters.add({
        id: letterId(index),
        reason: 'retries_exhausted',
        taskId: letterId(index),
        task,
        queue: 'orders',
        exchange: '',
        routingKey: 'orders',
        diedAt: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString(),
        worker: 'colophon@host',
        error: { type: 'Exception', message: 'no\nanswer', traceback: undefined },
        history: [],
        message: {
          body: Buffer.from(`[[], {"order_id": "${index}"}, {}]`),
          headers: { id: letterId(index), task, root_id: letterId(index), lang: 'py' },
          properties: {
            contentType: 'application/json',
            contentEncoding: 'utf-8',
            correlationId: letterId(index),
            replyTo: '',
            deliveryMode: 2,
            priority: 0,
          },
        },
      })
    }
    await broker.close()
  }

  it('are listed, shown, replayed and dropped', async () => {
    await die('orders.charge', 'orders.mail', 'orders.mail')
    const listed = await run('dead-letters', 'list')
    expect(listed).toMatchObject({ code: 0, stderr: '' })
    expect(listed.stdout.split('\n')[0]).toMatch(/^ID +DIED +QUEUE +TASK +REASON +ERROR$/)
    expect(listed.stdout.split('\n')[1]).toMatch(
      / orders {2}orders.charge {2}retries_exhausted {2}Exception: no answer$/,
    )
    const few = await run('dead-letters', 'list', '--task', 'orders.mail', '--limit', '1', '--json')
    expect(JSON.parse(few.stdout)).toMatchObject({ id: letterId(1), task: 'orders.mail' })
    expect(few.stderr).toBe('colophon: there are more than these 1 (--limit)\n')
    const shown = JSON.parse((await run('dead-letters', 'show', letterId(0))).stdout)
    expect(shown).toMatchObject({ task: 'orders.charge', message: expect.stringContaining('order_id') })

    const unknown = letterId(9)
    const replayed = await run('dead-letters', 'replay', unknown, letterId(0))
    expect(replayed.code).toBe(1)
    expect(replayed.stdout).toMatch(new RegExp(`^${letterId(0)} is task [0-9a-f-]{36} now\n$`))
    expect(replayed.stderr).toContain(`there is no dead letter ${unknown}`)
    expect(await run('dead-letters', 'drop', letterId(1))).toMatchObject({
      code: 0,
      stdout: `${letterId(1)} dropped\n`,
    })
    expect((await run('dead-letters', 'replay', '--all', '--task', 'orders.mail')).stdout).toContain(
      letterId(2),
    )
    expect((await run('dead-letters', 'replay', '--all')).stdout).toBe('no dead letters\n')
    expect((await run('dead-letters', 'list')).stdout).toBe('no dead letters\n')
    await die('orders.charge')
    expect((await run('dead-letters', 'drop', '--all')).stdout).toBe('1 dropped\n')
  })

  it('are left where they are by who is told to stop', async () => {
    await die('orders.charge')
    const stopped = { code: 1, stdout: '', stderr: 'colophon: stopped by SIGINT\n' }
    expect(await stop('dead-letters', 'drop', letterId(0))).toEqual(stopped)
    expect(await stop('dead-letters', 'list')).toEqual(stopped)
    // What has been sent by then is told.
    const replayed = await stop('dead-letters', 'replay', '--all')
    expect(replayed).toEqual({ ...stopped, stdout: expect.stringContaining(letterId(0)) })
  })

  it.each([
    [['replay'], 'which ones?'],
    [['drop', letterId(0), '--all'], 'exclude each other'],
    [['list', '--limit', '0'], '1 to 10000'],
    [['list', '--reason', 'boredom'], 'Allowed choices are'],
    [['show'], 'missing required argument'],
  ])('%j is wrong usage', async (args, said) => {
    const ended = await run('dead-letters', ...args)
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toContain(said)
  })
})

describe('outbox', () => {
  async function park(count: number): Promise<string[]> {
    const rows = await test.database.query<{ id: number }>(sql`
      insert into orders.outbox (key, topic, payload, state, attempts, error, parked_at)
      select 'order ' || n, 'task', '{"task": "orders.charge"}', 'parked', 5, 'no queue', now()
      from generate_series(1, ${count}::int) as n returning id`)
    return rows.map(({ id }) => String(id))
  }

  it('lists, replays and drops what is parked', async () => {
    const ids = await park(101)
    const [first = '', second = ''] = ids
    const listed = await run('outbox', 'list', '--limit', '1000')
    expect(listed.stdout.split('\n')).toHaveLength(103)
    expect(listed.stdout.split('\n')[1]).toMatch(/ order 1 +task +\{"task":"orders.charge"\} +no queue$/)
    expect((await run('outbox', 'list', '--json')).stdout.trimEnd().split('\n')).toHaveLength(100)
    expect(await run('outbox', 'replay', first)).toMatchObject({ stdout: `${first} is published again\n` })
    expect(await run('outbox', 'drop', first, second)).toMatchObject({
      code: 1,
      stdout: `${second} dropped\n`,
      stderr: expect.stringContaining(`no message ${first} is parked`),
    })
    expect((await run('outbox', 'replay', '--all')).stdout).toBe('99 are published again\n')
    expect((await run('outbox', 'list')).stdout).toBe('no parked messages\n')
    expect(await run('outbox', 'drop', 'one')).toMatchObject({ code: 2, stdout: '' })
  })
})
