import { expect, test, vi } from 'vitest'
import { openBroker } from '../../src/brokers/open.ts'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import { startControl } from '../control/support/control-fixture.ts'

test.each([
  ['amqp://host', false],
  ['amqps://host', true],
  ['redis://host', false],
  ['rediss://host', true],
  ['redis+socket:///run/redis.sock', false],
  ['memory:', false],
  ['postgres://host/db', false],
  ['postgres://host/db?sslmode=disable', false],
  ['postgres://host/db?sslmode=verify-full', true],
  ['postgres://host/db?ssl=true', true],
  ['postgres://host/db?ssl=0', false],
  ['postgres://host/db?sslrootcert=%2Fetc%2Fca.pem', true],
  ['postgres://host/db?sslnegotiation=direct', true],
])('%s: with TLS %s', async (url, ssl) => {
  expect((await openBroker(url)).describe().ssl).toBe(ssl)
})

const connect = () => Promise.reject(new Error('not tried'))

test.each([
  [{ host: 'db', ssl: { rejectUnauthorized: true } }, true],
  [{ host: 'db', ssl: false }, false],
  [{ connectionString: 'postgres://db?sslmode=require', ssl: false }, true],
  [{ connectionString: 'postgres://db', ssl: true }, true],
  [undefined, null],
])('a pool with the options %j: with TLS %s', (options, ssl) => {
  const pool = { connect, ...(options && { options }) }
  expect(createPostgresBroker(pool).describe().ssl).toBe(ssl)
})

test('where nothing is said of it, PGSSLMODE counts', () => {
  vi.stubEnv('PGSSLMODE', 'require')
  expect(createPostgresBroker('postgres://db').describe().ssl).toBe(true)
  expect(createPostgresBroker('postgres://db?sslmode=disable').describe().ssl).toBe(false)
  vi.unstubAllEnvs()
})

test('inspect stats tells it as the broker does', async () => {
  const fixture = await startControl()
  const described = { ...fixture.broker.describe(), transport: 'postgres', ssl: false }
  fixture.broker.describe = () => described
  expect(await fixture.ask('stats')).toMatchObject({ broker: { transport: 'postgres', ssl: false } })
  await fixture.stop()
})
