import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { configOf } from '../../apps/colophon/src/settings.ts'
import { ServerProcess } from '../../packages/celery/testing/fault-servers/server.ts'
import { Random } from '../../packages/celery/testing/random.ts'
import { type Acknowledged, type BuyersOptions, buyAll } from './buyers.ts'
import { deadSteps } from './dead-steps.ts'
import { createMember, stopAll } from './fleet.ts'
import { killPostmaster, killPostmasterOnceBack } from './postmaster.ts'
import { Requests } from './requests.ts'
import { fleetSettings } from './settings.ts'
import { tempoOf } from './tempo.ts'
import { placeOrders, wrongKills } from './trial.ts'

type Answer = [status: number, body: object]

/** @param answerTo what each request is answered, by its path */
async function apiThat(answerTo: (path: string) => Answer): Promise<string> {
  const server = createServer((request, response) => {
    const [status, body] = answerTo(request.url ?? '')
    request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(body)))
  })
  return listening(server)
}

/** @returns where it listens, until the test is over */
async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers each request with the next of these, and from then on with the last. */
function apiThatAnswers(...answers: Answer[]): Promise<string> {
  let next = 0
  return apiThat(() => answers[Math.min(next++, answers.length - 1)] ?? [500, {}])
}

const accepted: Answer = [202, { id: 'an-order', orderToken: 'a token' }]

/** What two buyers do, one behind the other. */
function buying(url: string, more: Partial<BuyersOptions> = {}) {
  return buyAll({
    urls: [url],
    bookIds: [randomUUID()],
    orders: 2,
    buyers: 1,
    random: new Random(1),
    pace: { turnOf: async () => {} },
    requests: new Requests(),
    patience: 60_000,
    signal: new AbortController().signal,
    onAcknowledged: () => {},
    ...more,
  })
}

const victim = { name: 'a server', kill: async () => true, start: async () => {} }
const quietly = { seed: 1, tell: () => {} }

async function folderOfTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-faults-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

describe('buyers', { retry: 0 }, () => {
  it('try again what is to be tried again, and tell of a 500', async () => {
    const acknowledged: string[] = []
    const url = await apiThatAnswers(
      [503, { code: 'store_unavailable' }],
      [500, { code: 'internal', requestId: 'the-one' }],
      [409, { code: 'out_of_stock' }],
      [409, { code: 'idempotency_key_in_flight' }],
      accepted,
      [200, {}],
    )
    const bought = await buying(url, { onAcknowledged: ({ id }) => acknowledged.push(id) })
    expect(bought).toEqual({
      refusals: { out_of_stock: 1 },
      strange: [expect.stringMatching(/^500 .*the-one/)],
    })
    expect(acknowledged).toEqual(['an-order'])
  })

  it.each<[string, Answer, string]>([
    ['what the order is', [200, { status: 'refunded' }], 'refunded'],
    ['the refusal', [409, { code: 'order_state', status: 409 }], 'order_state'],
  ])('keep what their cancel was answered: %s', async (_, answer, cancel) => {
    const acknowledged: Acknowledged[] = []
    const url = await apiThat((path) => (path.endsWith('/cancel') ? answer : accepted))
    await buying(url, { orders: 100, onAcknowledged: (order) => acknowledged.push(order) })
    const cancels = new Set(acknowledged.map((order) => order.cancel))
    expect(cancels).toEqual(new Set([null, cancel]))
    expect(new Set(acknowledged.map(({ token }) => token)).size).toBeGreaterThan(5)
  })

  it.each<[string, () => Promise<string>, RegExp]>([
    [
      '503',
      () => apiThatAnswers([503, { code: 'store_unavailable' }]),
      /orders was not .*503 .*store_unavailable/,
    ],
    ['no answer', async () => 'http://127.0.0.1:1', /orders was not answered in 0.3 s, .*fetch failed: ./],
  ])('give up after a while, with the last answer: %s', async (_, api, message) => {
    await expect(buying(await api(), { patience: 300 })).rejects.toThrow(message)
  })

  it.each([
    [8, 1],
    [2_000, 2],
  ])('of %i orders wait until everything was killed often enough: %i', async (orders, least) => {
    const fleet = { urls: [await apiThatAnswers(accepted)], victims: [victim] }
    const placed = await placeOrders(fleet, [randomUUID()], new Random(1), { ...quietly, orders })
    expect(placed.acknowledged).toHaveLength(orders)
    expect(placed.kills['a server']).toBeGreaterThanOrEqual(least)
    expect(placed.ended).toEqual([])
  })
})

describe('kills', { retry: 0 }, () => {
  it('meet buyers: the next share is there before', async () => {
    let orders = 0
    const url = await apiThat((path) => {
      if (path === '/api/orders') orders += 1
      return accepted
    })
    // Of eight orders four may be placed before anything is killed.
    const kill = async () => {
      await vi.waitFor(() => expect(orders).toBeGreaterThan(4))
      return true
    }
    const fleet = { urls: [url], victims: [{ ...victim, kill }] }
    await placeOrders(fleet, [randomUUID()], new Random(1), { ...quietly, orders: 8 })
  })

  it('cut off those who wait for an API, and count them', async () => {
    let [asked, waiting] = [0, 0]
    const server = createServer((request, response) => {
      waiting += 1
      response.once('close', () => {
        waiting -= 1
      })
      request.resume().on('end', async () => {
        await delay(10 + 7 * (asked++ % 3))
        if (!response.destroyed) response.writeHead(202).end(JSON.stringify(accepted[1]))
      })
    })
    const api = await listening(server)
    const met: number[] = []
    const kill = async () => {
      met.push(waiting)
      server.closeAllConnections()
      return true
    }
    // Eight are placed in some thirty milliseconds, behind which nobody would be left to be cut off.
    const fleet = { urls: [api], victims: [{ ...victim, kill, api }] }
    const placed = await placeOrders(fleet, [randomUUID()], new Random(1), { ...quietly, orders: 16 })
    expect(placed.acknowledged).toHaveLength(16)
    expect(met).toEqual([expect.any(Number)])
    expect(met[0]).toBeGreaterThan(0)
    expect(placed.cutOff).toBeGreaterThan(0)
    expect(wrongKills(fleet.victims, placed)).toEqual([])
  })

  it('of an API of which nobody was cut off are a fault', () => {
    const [worker, api] = [{ name: 'a worker' }, { name: 'an api', api: 'http://127.0.0.1:1' }]
    const killed = { kills: { 'a worker': 1, 'an api': 1 }, ended: [], cutOff: 0 }
    expect(wrongKills([worker, api], killed)).toEqual([
      'killed and nobody was cut off: 1, such as ["an api"]',
    ])
    expect(wrongKills([worker, api], { ...killed, cutOff: 1 })).toEqual([])
    expect(wrongKills([worker], killed)).toEqual([])
    expect(wrongKills([worker], { ...killed, kills: {} })).toEqual([
      expect.stringMatching(/^never killed: 1/),
    ])
  })

  it('do not count those off who find nobody', async () => {
    const requests = new Requests()
    const buyer = buying('http://127.0.0.1:1', { patience: 300, requests })
    await expect(buyer).rejects.toThrow('was not answered')
    expect(requests.cutOff).toBe(0)
  })

  it('and buyers end when somebody ends the trial', async () => {
    const over = new AbortController()
    const fleet = { urls: [await apiThatAnswers([503, {}])], victims: [victim] }
    const options = { ...quietly, orders: 100, signal: over.signal }
    const placing = placeOrders(fleet, [randomUUID()], new Random(1), options)
    over.abort(new Error('it is over'))
    await expect(placing).rejects.toThrow('it is over')
  })

  it('end all with the reason when something cannot be killed or started', async () => {
    const kill = () => Promise.reject(new Error('nobody may kill it'))
    const fleet = { urls: [await apiThatAnswers([503, {}])], victims: [{ ...victim, kill }] }
    const placing = placeOrders(fleet, [randomUUID()], new Random(1), { ...quietly, orders: 100 })
    await expect(placing).rejects.toThrow('nobody may kill it')
  })

  it('do not count where something had ended by itself, and tell of it', async () => {
    const fleet = {
      urls: [await apiThatAnswers(accepted)],
      victims: [{ ...victim, kill: async () => false }],
    }
    const placed = await placeOrders(fleet, [randomUUID()], new Random(1), { ...quietly, orders: 8 })
    expect(placed.kills).toEqual({})
    expect(placed.ended).toEqual(['a server'])
  })

  it('do not count of a PostgreSQL that is not back yet', async () => {
    const folder = await folderOfTest()
    expect(killPostmaster(folder)).toBe(false)
    // More than there can be, none yet, and a process that has its id since.
    for (const pid of ['99999999\n', '', `${process.pid}\n`]) {
      await writeFile(join(folder, 'postmaster.pid'), pid)
      expect(killPostmaster(folder)).toBe(false)
    }
    expect(await killPostmasterOnceBack(folder, 50)).toBe(false)
  })

  it('go on for as long as a long trial takes, some seconds apart, and nobody helps the sweeper then', () => {
    expect(tempoOf(10_000)).toEqual({ turns: [2, Infinity], calm: [2, 5], away: [0, 3], hurries: false })
  })
})

describe('processes', { retry: 0 }, () => {
  it('that have ended by themselves are told from those that were ended', async () => {
    const log = join(await folderOfTest(), 'log')
    const run = (script: string) => {
      const started = new ServerProcess(process.execPath, ['-e', script], log, {})
      onTestFinished(async () => void (await started.kill()))
      return started
    }
    const forever = 'setInterval(() => {}, 1000)'
    const [dead, doomed, alive] = [run(''), run(forever), run(forever)]
    await vi.waitFor(() => expect(dead.isRunning).toBe(false), { timeout: 20_000 })
    expect([await dead.kill(), await dead.stop()]).toEqual([false, false])
    expect([await doomed.kill(), await alive.stop()]).toEqual([true, true])
    const ended = await stopAll([
      { name: 'one', stop: async () => false },
      { name: 'another', stop: async () => true },
    ])
    expect(ended).toEqual(['one'])
  })

  it('that end as they start end all', async () => {
    const readyAt = 'http://127.0.0.1:1/readyz'
    const member = createMember({
      name: 'one',
      args: ['none'],
      environment: {},
      folder: await folderOfTest(),
      readyAt,
    })
    await expect(member.start()).rejects.toThrow('one ended as it started: see its log')
  })

  it('have a sandbox whose webhooks reach an API', () => {
    const apiUrls = ['http://127.0.0.1:8001', 'http://127.0.0.1:8002']
    const servers = { databaseUrl: 'postgres://a@b/c', brokerUrl: 'amqp://a', resultsUrl: 'redis://a' }
    const settings = fleetSettings({ ...servers, secretKey: 'k'.repeat(43), apiUrls, sandboxPort: 8003 })
    expect(configOf(settings).sandboxWebhookUrl).toBe(`${apiUrls[0]}/api/payments/webhook`)
  })
})

it('dead letters of steps that no kill explains are found on every page', { retry: 0 }, async () => {
  const [refused, killed] = [{ reason: 'retries_exhausted' }, { reason: 'worker_lost' }]
  const dead = [
    { task: 'orders.charge', ...refused },
    { task: null, ...killed },
  ]
  const pages: Record<string, object> = {
    '/api/dead-letters?limit=100': { items: [{ task: 'orders.mail', ...refused }], nextCursor: 'a+b' },
    '/api/dead-letters?limit=100&cursor=a%2Bb': { items: [], nextCursor: 'c' },
    '/api/dead-letters?limit=100&cursor=c': {
      items: [{ task: 'orders.charge', ...killed }, ...dead],
      nextCursor: null,
    },
  }
  const get = async <T>(path: string) => pages[path] as T
  const lines: string[] = []
  const found = await deadSteps({ get }, (line) => lines.push(line))
  expect(found).toEqual(dead)
  expect(lines).toHaveLength(4)
})
