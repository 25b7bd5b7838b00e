import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createBeat } from '../../src/beat/index.ts'
import { openBroker, readBrokerUrl } from '../../src/brokers/open.ts'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import { createCelery } from '../../src/create-celery.ts'
import { openResults } from '../../src/results/open.ts'

test.each([
  ['amqp://host', 'amqp'],
  ['amqps://host', 'amqp'],
  ['pyamqp://user:secret@host//', 'amqp'],
  ['redis://host/1', 'redis'],
  ['rediss://host', 'redis'],
  ['redis+socket:///run/redis.sock?virtual_host=4', 'redis'],
  ['socket:///run/redis.sock', 'redis'],
  ['postgres://host/jobs', 'postgres'],
  ['postgresql://host/jobs', 'postgres'],
  ['memory:', 'memory'],
])('%s is a broker', async (url, kind) => {
  expect((await openBroker(url)).kind).toBe(kind)
})

test.each([
  ['redis://host/1', 'redis'],
  ['rediss://host', 'redis'],
  ['redis+socket:///run/redis.sock?virtual_host=4', 'redis'],
  ['socket:///run/redis.sock', 'redis'],
  ['postgres://host/jobs', 'postgres'],
  ['postgresql://host/jobs', 'postgres'],
  ['memory:', 'memory'],
])('%s keeps results', async (url, kind) => {
  expect((await openResults(url)).kind).toBe(kind)
})

test.each(['sqs://user:hidden@host', 'user:hidden@host', ''])(
  '"%s" is refused, without its password',
  async (url) => {
    for (const open of [openBroker, openResults]) {
      const error: unknown = await open(url).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining('must be a URL') })
      expect(String(error)).not.toContain('hidden')
    }
  },
)

const badUrls = [
  ['x', 'must be a URL that begins with'],
  ['sentinel://u:hidden@x', 'must be a URL that begins with'],
  ['redis://u:hidden@h:x/0', 'the form redis://'],
  ['redis://u:hidden@h/zero', 'the number of a database'],
  ['redis://u:hidden@h/0?lease_timeout=-1', 'The option lease_timeout of the URL of Redis must be'],
  ['redis://u%zz:hidden@h/0', 'a % in it stands for itself only as %25'],
  ['postgres://u:hidden@h:x/jobs', 'postgres://USER:PASSWORD@HOST:PORT/DATABASE'],
  ...['u%zz:hidden@h/jobs', 'u:hidden%@h/jobs', 'u:hidden@h%zz/jobs', 'u:hidden@h/jobs%ff'].map(
    (rest) => [`postgres://${rest}`, 'with reserved characters, such as %, as %XX'] as const,
  ),
] as const
const noBrokers = [
  ['amqp://u:hidden@h:x/', 'amqp://USER:PASSWORD@HOST:PORT/VHOST'],
  ['amqp://u%zz:hidden@h/', 'with reserved characters as %XX'],
  ['amqp://u:hidden@h/?foo=1', 'The option foo of the URL of RabbitMQ is not known'],
  ['amqp://h;amqp://u:hidden@h/?heartbeat=often', 'The option heartbeat'],
] as const
const noStores = [
  ['rpc://u:hidden@h', 'must be a URL that begins with'],
  ['amqp://u:hidden@h', 'must be a URL that begins with'],
] as const

const refuses = (make: () => unknown, message: string) => {
  let thrown: unknown
  try {
    make()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining(message) })
  expect(String(thrown)).not.toContain('hidden')
}

test.each([...badUrls, ...noBrokers])('createCelery refuses the broker %s at once', (broker, message) => {
  refuses(() => createCelery({ broker }), message)
})

test.each([...badUrls, ...noStores])('so are the results and the store of beat %s', (url, message) => {
  refuses(() => createCelery({ broker: 'memory:', results: url }), message)
  const app = createCelery({ broker: 'memory:' })
  refuses(() => createBeat(app, { store: url, entries: {} }), message)
})

test.each([
  'postgres:///jobs',
  'postgresql:///jobs?host=/run/postgresql',
  'postgres://user@/jobs',
  'postgres://user:a b@host/my jobs',
])('%s is a URL that pg reads', (url) => {
  expect(new pg.Pool({ connectionString: url })).toBeDefined()
  expect(readBrokerUrl(url)).toBe('postgres')
  expect(createPostgresBroker(url).describe()).toMatchObject({ transport: 'postgres' })
})

test('a place of PostgreSQL that a URL leaves out is the one that pg takes', () => {
  vi.stubEnv('PGHOST', 'db.example')
  vi.stubEnv('PGPORT', '5433')
  onTestFinished(() => void vi.unstubAllEnvs())
  const place = (url: string) => {
    const { hostname, port, virtual_host } = createPostgresBroker(url).describe()
    return `${hostname}:${port}/${virtual_host}`
  }
  for (const url of ['postgres:///jobs', 'postgres://user@/jobs', 'postgres://jobs@/'])
    expect(place(url)).toBe('db.example:5433/jobs')
  expect(place('postgres://other:1/my%20jobs')).toBe('other:1/my jobs')
})
