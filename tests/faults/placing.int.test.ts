import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Random } from '../../packages/celery/testing/random.ts'
import { buyAll } from './buyers.ts'
import { killPostmaster } from './postmaster.ts'
import { placeOrders } from './trial.ts'

/** Answers each request with the next of these, and from then on with the last. */
async function apiThatAnswers(...answers: [status: number, body: object][]): Promise<string> {
  let next = 0
  const server = createServer((request, response) => {
    const [status, body] = answers[Math.min(next++, answers.length - 1)] ?? [500, {}]
    request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(body)))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('a buyer tries again what is to be tried again, and tells of a 500', async () => {
  const acknowledged: string[] = []
  const url = await apiThatAnswers(
    [503, { code: 'store_unavailable' }],
    [500, { code: 'internal', requestId: 'the-one' }],
    [409, { code: 'out_of_stock' }],
    [409, { code: 'idempotency_key_in_flight' }],
    [202, { id: 'an-order', orderToken: 'a token' }],
    [200, {}],
  )
  const bought = await buyAll({
    urls: [url],
    bookIds: [randomUUID()],
    orders: 2,
    buyers: 1,
    random: new Random(1),
    pace: { turnOf: async () => {} },
    signal: new AbortController().signal,
    onAcknowledged: ({ id }) => acknowledged.push(id),
  })
  expect(bought).toEqual({
    refusals: { out_of_stock: 1 },
    strange: [expect.stringMatching(/^500 .*the-one/)],
  })
  expect(acknowledged).toEqual(['an-order'])
})

it('buyers wait until everything was killed once', async () => {
  const victim = { name: 'a server', kill: async () => {}, start: async () => {} }
  const url = await apiThatAnswers([202, { id: 'an-order', orderToken: 'a token' }])
  const fleet = { urls: [url], victims: [victim] }
  const options = { orders: 8, seed: 1, tell: () => {} }
  const { acknowledged, kills } = await placeOrders(fleet, [randomUUID()], new Random(1), options)
  expect(acknowledged).toHaveLength(8)
  expect(kills).toEqual({ 'a server': 1 })
})

it('ends with the reason when something cannot be killed or started', async () => {
  const victim = {
    name: 'a server',
    kill: () => Promise.reject(new Error('nobody may kill it')),
    start: async () => {},
  }
  const fleet = { urls: [await apiThatAnswers([503, {}])], victims: [victim] }
  const options = { orders: 100, seed: 1, tell: () => {} }
  await expect(placeOrders(fleet, [randomUUID()], new Random(1), options)).rejects.toThrow(
    'nobody may kill it',
  )
})

it('a PostgreSQL that is not back yet is not killed again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-faults-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  killPostmaster(folder)
  // More than there can be, and none yet.
  for (const pid of ['99999999\n', '']) {
    await writeFile(join(folder, 'postmaster.pid'), pid)
    killPostmaster(folder)
  }
})
