import { expect, test } from 'vitest'
import { openBroker } from '../../src/brokers/open.ts'
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
