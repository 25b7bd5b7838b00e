import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { commands } from '../../src/control/commands/index.ts'
import { pidboxExchange } from '../../src/control/mailbox.ts'
import { type ControlFixture, startControl } from './support/control-fixture.ts'
import { fakeRequest } from './support/fake-worker.ts'

let fixture: ControlFixture
beforeAll(async () => {
  fixture = await startControl()
  fixture.worker.activeRequests = [fakeRequest('a', { args: [1], startedAt: new Date() })]
})
afterAll(() => fixture.stop())

const names = [
  'ids task_id terminate signal headers task_name rate_limit soft hard queue exchange exchange_type routing_key',
  'queue_arguments n max min safe builtins taskinfoitems with_defaults from_node revoked modules reload id topic',
].flatMap((line) => line.split(' '))
const likely = fc.constantFrom<unknown>('a', 'tasks.add', 'SIGTERM', '10/m', 1, true, null, ['a'], ['a=b'], {
  a: 'b',
})
const value = fc.oneof(likely, fc.jsonValue())
const args = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 })

test('whatever the arguments are, the worker answers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(commands)), args, async (command, given) => {
      expect(await fixture.ask(command, given)).not.toBeUndefined()
    }),
    { numRuns: 500 },
  )
})

test('whatever a request is, the worker lives on', async () => {
  const request = fc.record({
    method: fc.oneof(fc.constantFrom(...Object.keys(commands)), fc.jsonValue()),
    arguments: fc.oneof(args, fc.jsonValue()),
    destination: fc.oneof(fc.constantFrom(null, ['celery@fake'], 'celery@fake'), fc.jsonValue()),
    pattern: fc.oneof(fc.constantFrom('*', '[', '('), fc.jsonValue()),
    matcher: fc.oneof(fc.constantFrom('glob', 'pcre', 'none'), fc.jsonValue()),
    reply_to: fc.jsonValue(),
    ticket: fc.jsonValue(),
  })
  const failed = vi.spyOn(fixture.log, 'error')
  await fc.assert(
    fc.asyncProperty(request, fc.dictionary(fc.string(), fc.jsonValue()), async (content, headers) => {
      await fixture.broker.cast(
        {
          headers,
          properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
          body: Buffer.from(JSON.stringify(content)),
        },
        { exchange: pidboxExchange, routingKey: '' },
      )
    }),
    { numRuns: 500 },
  )
  expect(await fixture.ask('ping')).toEqual({ ok: 'pong' })
  expect(failed).not.toHaveBeenCalled()
})
