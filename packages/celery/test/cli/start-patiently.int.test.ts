import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { createBeat } from '../../src/beat/index.ts'
import { createCelery } from '../../src/create-celery.ts'
import { createWorker } from '../../src/create-worker.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { urlOf } from '../postgres/support/places.ts'
import { hasRedisServer, OwnRedis } from '../redis/own-server.ts'
import { appFolder } from './support/app-folder.ts'
import { command } from './support/command.ts'

const { writeApp } = appFolder()

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** A server's URL by a way on which nobody answers until `accept`. */
async function away(url: string, port: number) {
  const proxy = await startTcpProxy(url, port)
  onTestFinished(() => proxy.close())
  await proxy.refuse()
  return { url: proxy.through(url), accept: () => proxy.accept() }
}

/** A path to another database or virtual host, or another password. */
const withPath = (url: string, path: string) => Object.assign(new URL(url), { pathname: path }).href
const withPassword = (url: string) => Object.assign(new URL(url), { username: 'nobody', password: 'x' }).href

// The embedded PostgreSQL has a socket in a folder only.
const isOnNetwork = inject('testDatabaseUrl') !== ''
if (!servers.amqp) leftOut('a start before RabbitMQ', 'TEST_AMQP_URL')
if (!servers.redis) leftOut('a start before Redis', 'TEST_REDIS_URL')
if (!isOnNetwork) leftOut('a start before PostgreSQL', 'TEST_DATABASE_URL')
const kinds = [
  { name: 'RabbitMQ', port: 5672, isThere: servers.amqp, url: () => servers.amqp ?? '', nowhere: '/nowhere' },
  { name: 'Redis', port: 6379, isThere: servers.redis, url: () => servers.redis ?? '', nowhere: '/99999' },
  { name: 'PostgreSQL', port: 5432, isThere: isOnNetwork, url: () => urlOf(database), nowhere: '/nowhere' },
]

for (const { name, port, isThere, url, nowhere } of kinds) {
  describe.runIf(isThere)(name, () => {
    test('who was started before the server starts with the same app once it is there', async () => {
      const server = await away(url(), port)
      const keepsResults = name !== 'RabbitMQ'
      const app = createCelery({ broker: server.url, ...(keepsResults && { results: server.url }) })
      onTestFinished(() => app.close())
      const worker = createWorker(app, { queues: [`patient-${app.processId}`] })
      const beat = createBeat(app, { store: keepsResults ? server.url : 'memory:', entries: {} })
      onTestFinished(() => beat.stop())
      await expect(worker.start()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
      await expect(beat.start()).rejects.toThrow(/could not be reached|ECONNREFUSED/)
      await server.accept()
      await worker.start()
      onTestFinished(() => worker.stop())
      await beat.start()
    })

    test.each([
      ['a refused login', withPassword],
      ['no such place', (server: string) => withPath(server, nowhere)],
    ])('%s ends the command at once', async (what, wrong) => {
      const app = `export const app = createCelery({ broker: ${JSON.stringify(wrong(url()))} })`
      const file = writeApp(`${name} ${what}.ts`, app)
      const { code, err } = await command(['-A', file, 'worker'])
      expect([code, err.length]).toEqual([1, 1])
    })
  })
}

if (!hasRedisServer) leftOut('a start on a Redis that asks for a password', 'redis-server on the PATH')
describe.skipIf(!hasRedisServer)('a Redis that asks for a password', () => {
  test.each([
    ['the broker', 'worker'],
    ['the results', 'worker'],
    ['the schedules', 'beat'],
  ])('of which %s has none ends the %s at once', async (what, name) => {
    const redis = await OwnRedis.start(['--requirepass', 'own'], 'own')
    onTestFinished(() => redis.remove())
    const url = JSON.stringify(redis.url.replace(':own@', ''))
    const at = (role: string) => (role === what ? url : "'memory:'")
    const results = what === 'the results' ? `, results: ${url}` : ''
    const file = writeApp(
      `password ${what}.ts`,
      `export const app = createCelery({ broker: ${at('the broker')}${results} })
       export const beat = createBeat(app, { store: ${at('the schedules')}, entries: {} })`,
    )
    const { code, err } = await command(['-A', file, name])
    expect([code, err]).toEqual([1, [expect.stringMatching(/Redis at 127.*asks for a password.*NOAUTH/)]])
  })
})
