import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { pidboxExchange } from '../../src/control/mailbox.ts'
import { lookForNamesake, mingle } from '../../src/control/mingle.ts'
import { servePidbox } from '../../src/control/pidbox.ts'
import { createCelery } from '../../src/create-celery.ts'
import { type ControlFixture, startControl } from './support/control-fixture.ts'
import { FakeWorker, fakeRequest } from './support/fake-worker.ts'

let fixture: ControlFixture
beforeEach(async () => {
  fixture = await startControl()
})
afterEach(() => fixture.stop())

async function cast(body: string, contentType = 'application/json', headers = {}) {
  await fixture.broker.cast(
    { headers, properties: { contentType, contentEncoding: 'utf-8' }, body: Buffer.from(body) },
    { exchange: pidboxExchange, routingKey: '' },
  )
}

describe('what comes', () => {
  test('a command that is not known is refused by its name', async () => {
    expect(await fixture.ask('make_coffee')).toEqual({ error: 'No such control command: make_coffee' })
    expect(await fixture.ask('toString')).toEqual({ error: 'No such control command: toString' })
    // No reply can hold the half of a character that a cut would leave.
    const long = await fixture.ask(`a${'😀'.repeat(50)}`)
    expect(long).toEqual({ error: `No such control command: a${'😀'.repeat(49)}\ufffd` })
  })

  test('what is no request does no harm', async () => {
    for (const body of [
      '',
      'no json',
      'null',
      '[]',
      '{"method": 7}',
      '{"method": "revoke", "arguments": []}',
    ])
      await cast(body)
    await cast('{"method": "shutdown"}', 'application/x-python-serialize')
    await cast('{"method": "revoke", "arguments": {"task_id": "a"}, "reply_to": {"exchange": 7}}')
    expect(await fixture.ask('revoked')).toEqual(['a'])
    expect(fixture.worker.calls.map(([name]) => name)).toEqual(['revoke', 'revoke'])
  })

  test('a fault is told to the log, not to who asks', async () => {
    vi.spyOn(fixture.worker, 'addQueue').mockRejectedValueOnce(new Error('secret of the server'))
    expect(await fixture.ask('add_consumer', { queue: 'q' })).toEqual({
      error: "add_consumer failed: the worker's log says why",
    })
    expect(fixture.log.warnings).toEqual(['remote control failed'])
    expect(fixture.log.unshown).toEqual([])
  })

  test('an answer that cannot be written is an error', async () => {
    fixture.worker.activeRequests = [fakeRequest('a', { args: ['half \ud800'], startedAt: new Date() })]
    expect(await fixture.ask('active')).toEqual({ error: expect.stringContaining('cannot be sent') })
  })

  test('the clock follows that of who asks', async () => {
    await cast('{"method": "ping"}', 'application/json', { clock: 5_000 })
    await cast('{"method": "ping"}', 'application/json', { clock: null })
    await vi.waitFor(() => expect(fixture.app.clock.value).toBeGreaterThan(5_001))
  })

  test('a clock that nobody can have counted to stops none', async () => {
    await cast('{"method": "revoke", "arguments": {"task_id": "a"}}', 'application/json', {
      clock: 2 ** 53 - 1,
    })
    expect(await fixture.ask('revoked')).toEqual(['a'])
    expect(fixture.app.clock.value).toBeLessThan(100)
  })

  test('a body of more than 16 MB is not read', async () => {
    await cast(`{"method": "shutdown"}${' '.repeat(2 ** 24)}`)
    expect(await fixture.ask('ping')).toEqual({ ok: 'pong' })
    expect(fixture.log.warnings).toEqual(['a request of remote control could not be read'])
    expect(fixture.worker.calls).toEqual([])
  })

  test('a request whose asker has given up waiting is done all the same', async () => {
    await cast('{"method": "revoke", "arguments": {"task_id": "late"}}', 'application/json', { expires: 1 })
    await vi.waitFor(async () => expect(await fixture.ask('revoked')).toEqual(['late']))
  })

  test('changes are made one after the other, and questions do not wait for them', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const addQueue = vi.spyOn(fixture.worker, 'addQueue').mockImplementationOnce(async (queue) => {
      await promise
      fixture.worker.calls.push(['added', queue.name])
    })
    await fixture.control.addConsumer('slow')
    await fixture.control.cancelConsumer('slow')
    await fixture.control.revoke('a')
    await vi.waitFor(() => expect(addQueue).toHaveBeenCalled())
    expect(await fixture.ask('ping')).toEqual({ ok: 'pong' })
    expect(fixture.worker.calls).toEqual([])
    resolve()
    await vi.waitFor(() => expect(fixture.worker.calls.map(([name]) => name)).toEqual(['added', 'revoke']))
  })
})

describe('who is meant', () => {
  let other: FakeWorker
  let pidbox: Awaited<ReturnType<typeof servePidbox>>
  beforeEach(async () => {
    other = new FakeWorker(fixture.app, fixture.broker, 'celery@other')
    pidbox = await servePidbox(other)
  })
  afterEach(() => pidbox.stop())

  test('everybody', async () => {
    expect(await fixture.control.ping({ limit: 2 })).toEqual({
      'celery@fake': { ok: 'pong' },
      'celery@other': { ok: 'pong' },
    })
  })

  test('those named: and the answer is there as soon as they have all answered', async () => {
    const start = performance.now()
    const replies = await fixture.control.inspect.ping({ destination: 'celery@other', timeout: 20 })
    expect(replies).toEqual({ 'celery@other': { ok: 'pong' } })
    expect(performance.now() - start).toBeLessThan(10_000)
    expect(await fixture.control.ping({ destination: ['celery@none'], timeout: 0.2 })).toEqual({})
  })

  test('those whose name fits', async () => {
    const ping = (pattern: string, matcher?: 'glob' | 'pcre') =>
      fixture.control.ping({ pattern, ...(matcher && { matcher }), timeout: 1 })
    const [glob, pcre] = await Promise.all([ping('*@o*'), ping('.*fa', 'pcre')])
    expect(Object.keys(glob)).toEqual(['celery@other'])
    expect(Object.keys(pcre)).toEqual(['celery@fake'])
  })

  test('workers tell each other what was revoked', async () => {
    await fixture.control.revoke('a', { destination: 'celery@other', reply: true, timeout: 5 })
    const third = new FakeWorker(fixture.app, fixture.broker, 'celery@third')
    await third.revoke(['b'], { terminate: false, signal: 'SIGTERM' })
    await mingle(third, 0.3)
    expect(third.revoked().toSorted()).toEqual(['a', 'b'])
    expect(other.revoked().toSorted()).toEqual(['a', 'b'])
    expect(fixture.worker.revoked()).toEqual(['b'])
  })

  test('on a broker that knows who listens, no answer is waited for that cannot come', async () => {
    // All have answered long before an hour is over.
    const third = new FakeWorker(fixture.app, fixture.broker, 'celery@third')
    await mingle(third, 3_600)
    const alone = createCelery({ broker: 'memory:' })
    await mingle(new FakeWorker(alone, await alone.broker()), 3_600)
    await alone.close()
  })

  test('a worker that starts says so when another has its name', async () => {
    const { warnings } = fixture.log
    await mingle(new FakeWorker(fixture.app, fixture.broker, 'celery@third'), 0.3)
    expect(warnings).toEqual([])
    await mingle(new FakeWorker(fixture.app, fixture.broker, 'celery@other'), 0.3)
    expect(warnings).toEqual(['two workers have one name: give each a hostname of its own'])
  })

  test('of two workers of one name that start at once, each says so once both serve remote control', async () => {
    const { warnings } = fixture.log
    // Only what is served by now answers: celery@other alone.
    await lookForNamesake(other, 0, 0.3).looked
    expect(warnings).toEqual([])
    const twin = new FakeWorker(fixture.app, fixture.broker, 'celery@other')
    const twinPidbox = await servePidbox(twin)
    await Promise.all([other, twin].map((worker) => lookForNamesake(worker, 0, 0.3).looked))
    expect(warnings).toEqual(Array(2).fill('two workers have one name: give each a hostname of its own'))
    await twinPidbox.stop()
  })

  test('a worker that stops before it has looked for one of its name asks nothing', async () => {
    const cast = vi.spyOn(await fixture.app.broker(), 'cast')
    await lookForNamesake(other, 3_600).stop()
    expect(cast).not.toHaveBeenCalled()
  })

  test('a reply queue that cannot be removed keeps no worker from starting', async () => {
    vi.spyOn(fixture.broker, 'listen').mockResolvedValueOnce({
      stop: () => Promise.reject(new Error('the connection was lost')),
    })
    const third = new FakeWorker(fixture.app, fixture.broker, 'celery@third')
    await mingle(third, 0.05)
    expect(fixture.log.warnings).toEqual([])
  })
})

describe('the client', () => {
  test('does not wait unless it is told to', async () => {
    expect(await fixture.control.revoke('a', { terminate: true, signal: 'SIGKILL' })).toEqual({})
    await vi.waitFor(() =>
      expect(fixture.worker.calls).toEqual([['revoke', ['a'], { terminate: true, signal: 'SIGKILL' }]]),
    )
  })

  test('has every command', async () => {
    const { control } = fixture
    const options = { reply: true, limit: 1, timeout: 5 }
    const outcomes = [
      await control.rateLimit('tasks.add', '10/m', options),
      await control.timeLimit('tasks.add', { soft: 5 }, options),
      await control.addConsumer('mails', { ...options, exchange: 'e', routingKey: 'k' }),
      await control.cancelConsumer('mails', options),
      await control.poolGrow(2, options),
      await control.poolShrink(1, options),
      await control.enableEvents(options),
      await control.disableEvents(options),
      await control.revokeByStampedHeaders({ stamp: 'a' }, options),
      await control.heartbeat(options),
      await control.shutdown(options),
      await control.poolRestart(options),
      await control.autoscale(10, 3, options),
    ].map((replies) => replies['celery@fake'])
    expect(outcomes.slice(0, 9).map((outcome) => Object.keys(outcome ?? {}))).toEqual(Array(9).fill(['ok']))
    expect(outcomes[9]).toBeNull()
    expect(outcomes.slice(10)).toEqual([
      { ok: 'shutting down' },
      { error: expect.any(String) },
      { error: expect.any(String) },
    ])
  })

  test('has every question', async () => {
    const { inspect } = fixture.control
    const options = { limit: 1, timeout: 5 }
    const answers = await Promise.all([
      inspect.active(options),
      inspect.reserved(options),
      inspect.scheduled(options),
      inspect.registered({ ...options, attributes: ['name'] }),
      inspect.queryTask('a', options),
      inspect.revoked(options),
      inspect.activeQueues(options),
      inspect.stats(options),
      inspect.conf(options),
      inspect.report(options),
      inspect.clock(options),
    ])
    expect(answers.map((replies) => Object.keys(replies))).toEqual(Array(11).fill(['celery@fake']))
    expect(answers[3]).toEqual({ 'celery@fake': ['tasks.add [name=tasks.add]'] })
  })

  test('says when two workers have one name', async () => {
    const pidbox = await servePidbox(new FakeWorker(fixture.app, fixture.broker))
    expect(await fixture.control.ping({ timeout: 0.2 })).toEqual({ 'celery@fake': { ok: 'pong' } })
    expect(fixture.log.warnings).toEqual([expect.stringContaining('one name')])
    await pidbox.stop()
  })

  test('can be closed and used again', async () => {
    await fixture.control.close()
    expect(await fixture.control.ping({ limit: 1 })).toEqual({ 'celery@fake': { ok: 'pong' } })
    await fixture.control.close()
    await fixture.control.close()
  })
})
