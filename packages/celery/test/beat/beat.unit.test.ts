import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PublishTo } from '../../src/app/app-core.ts'
import { type Beat, type BeatOptions, createBeat } from '../../src/beat/beat.ts'
import type { BeatEntry } from '../../src/beat/entry.ts'
import { createMemorySchedules } from '../../src/beat/memory-store.ts'
import { runId } from '../../src/beat/run-id.ts'
import { crontab } from '../../src/beat/schedules/crontab.ts'
import { interval } from '../../src/beat/schedules/interval.ts'
import type { ScheduleStore } from '../../src/beat/store.ts'
import { type Celery, createCelery } from '../../src/create-celery.ts'
import type { TaskMessage } from '../../src/protocol/message.ts'
import { FakeTime } from './support/time.ts'

interface Sent {
  message: TaskMessage
  to: PublishTo
  at: string
}

let time: FakeTime
let app: Celery
let store: ScheduleStore
let sent: Sent[]
let lines: string[]
let refuse: ((message: TaskMessage) => boolean) | undefined
const beats: Beat[] = []

beforeEach(() => {
  time = new FakeTime('2026-03-01T00:00:00Z')
  sent = []
  lines = []
  refuse = undefined
  store = createMemorySchedules(time.now)
  const write = (_: object, message: string) => void lines.push(message)
  const log = { debug() {}, info: write, warn: write, error: write }
  app = createCelery({ broker: `memory:${randomUUID()}`, now: time.now, timeZone: 'Europe/Berlin', log })
  app.publishTask = async (message, to = {}) => {
    if (refuse?.(message)) throw new Error('the broker is away')
    sent.push({ message, to, at: time.now().toISOString().slice(11, 19) })
  }
})

afterEach(async () => {
  await Promise.all(beats.splice(0).map((beat) => beat.stop()))
  await app.close()
})

const every10: BeatEntry = { task: 'tasks.add', schedule: interval(10) }

async function start(entries: BeatOptions['entries'], options: Partial<BeatOptions> = {}): Promise<Beat> {
  const beat = createBeat(app, { entries, store, ...options }, time)
  beats.push(beat)
  await beat.start()
  await time.idle()
  return beat
}

const times = () => sent.map(({ at }) => at)
const dues = () => sent.map(({ message }) => message.headers.celery_beat_due)

describe('beat', () => {
  it('sends an entry as Celery does, the first time one interval after its beginning', async () => {
    const options = { queue: 'sums', expires: 60, priority: 3, headers: { tenant: 'x' } }
    await start({ sum: { ...every10, args: [1], kwargs: { y: 2 }, options } })
    await time.pass(9.9)
    expect(sent).toEqual([])
    await time.pass(20.1)
    expect(times()).toEqual(['00:00:10', '00:00:20', '00:00:30'])
    const due = new Date('2026-03-01T00:00:10.000Z')
    const id = runId('sum', due, false)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(sent[0]?.to).toEqual({ queue: 'sums' })
    expect(sent[0]?.message).toMatchObject({
      args: [1],
      kwargs: { y: 2 },
      properties: { priority: 3, correlationId: id },
      headers: {
        id,
        task: 'tasks.add',
        tenant: 'x',
        celery_beat_task: true,
        celery_beat_due: due.toISOString(),
      },
    })
    expect(String(sent[0]?.message.headers.expires)).toMatch(/^2026-03-01T00:01:10/)
    expect(new Set(sent.map(({ message }) => message.headers.id)).size).toBe(3)
  })

  it('takes definitions and signatures of one task, and crontabs in the zone of the entry or the app', async () => {
    const task = app.task({ name: 'tasks.mul', params: ['x', 'y'], run: (_: { x: number; y: number }) => 0 })
    const signature = {
      task: 'tasks.sub',
      args: [2],
      kwargs: {},
      options: { queue: 'q' },
      subtask_type: null,
      immutable: false,
    }
    await start({
      definition: { task, schedule: crontab({ hour: 4, minute: 0 }) },
      signature: {
        task: signature,
        args: [1],
        schedule: crontab({ hour: 4, minute: 0 }),
        timeZone: 'Asia/Kathmandu',
      },
    })
    await time.pass(86_400)
    expect(sent.map(({ message, to, at }) => [at, message.headers.task, message.args, to.queue])).toEqual([
      ['03:00:00', 'tasks.mul', [], 'celery'],
      ['22:15:00', 'tasks.sub', [1, 2], 'q'],
    ])
  })

  it('keeps entries that are not enabled, and does not send them', async () => {
    const beat = await start({ off: { ...every10, enabled: false } })
    await time.pass(60)
    expect(sent).toEqual([])
    expect(await beat.list()).toMatchObject([{ name: 'off', next: undefined }])
  })

  it('makes the last of the runs that were missed, once', async () => {
    const first = await start({ sum: every10 })
    await time.pass(10)
    await first.stop()
    time.skip(3_604)
    await start({ sum: every10 })
    await time.pass(8)
    expect(dues()).toEqual([
      '2026-03-01T00:00:10.000Z',
      '2026-03-01T01:00:10.000Z',
      '2026-03-01T01:00:20.000Z',
    ])
    expect(times()).toEqual(['00:00:10', '01:00:14', '01:00:20'])
  })

  it('leaves out what is too late, and tells so once', async () => {
    const leftOut: string[] = []
    const entries = {
      none: { task: 'a', schedule: crontab({ minute: 0 }), catchUp: 'none' as const },
      late: { task: 'b', schedule: crontab({ minute: 0 }), startingDeadline: 600 },
      once: { task: 'c', schedule: crontab({ minute: 0 }) },
    }
    await (await start(entries)).stop()
    time.skip(3_600 + 300)
    const hooks: BeatOptions['hooks'] = {
      leftOut: ({ entry, due }) => void leftOut.push(`${entry} ${due.toISOString()}`),
    }
    await start(entries, { hooks })
    await time.pass(60)
    expect(sent.map(({ message }) => message.headers.task).sort()).toEqual(['b', 'c'])
    expect(leftOut).toEqual(['none 2026-03-01T01:00:00.000Z'])
    await time.pass(3_600)
    expect(sent.map(({ message }) => message.headers.task).sort()).toEqual(['a', 'b', 'b', 'c', 'c'])
  })

  it('counts a changed schedule from the last run', async () => {
    await (await start({ sum: every10 })).stop()
    await start({ sum: every10 })
    await time.pass(10)
    await beats.pop()?.stop()
    await start({ sum: { ...every10, schedule: interval(25) } })
    await time.pass(25)
    expect(times()).toEqual(['00:00:10', '00:00:35'])
  })

  it('has no runs of an entry that was removed, and still knows it', async () => {
    await (await start({ sum: every10, gone: every10 })).stop()
    const beat = await start({ sum: every10 })
    await time.pass(30)
    expect(sent).toHaveLength(3)
    expect(await beat.list()).toMatchObject([
      { name: 'sum', runs: 3, next: new Date('2026-03-01T00:00:40.000Z') },
      { name: 'gone', runs: 0, next: undefined },
    ])
  })

  it('sends nothing twice when the clock is set back, and goes on when it is there again', async () => {
    await start({ sum: every10 })
    await time.pass(30)
    time.set(-25)
    await time.pass(34)
    expect(sent).toHaveLength(3)
    await time.pass(1)
    expect(dues().at(-1)).toBe('2026-03-01T00:00:40.000Z')
  })

  it('makes one run when the clock is set ahead', async () => {
    await start({ sum: every10 })
    await time.pass(10)
    time.set(86_400)
    await time.pass(10)
    expect(dues()).toEqual([
      '2026-03-01T00:00:10.000Z',
      '2026-03-02T00:00:10.000Z',
      '2026-03-02T00:00:20.000Z',
    ])
  })

  it('is paused, resumed and triggered from another process', async () => {
    await start({ sum: every10 })
    const elsewhere = createBeat(app, { entries: {}, store }, time)
    await elsewhere.pause('sum')
    await time.pass(35)
    expect(sent).toEqual([])
    await elsewhere.resume('sum')
    await time.pass(10)
    expect(times()).toEqual(['00:00:45'])
    await elsewhere.trigger('sum')
    await time.pass(5)
    expect(times()).toEqual(['00:00:45', '00:00:50'])
    expect(sent[1]?.message.headers.id).toBe(runId('sum', new Date('2026-03-01T00:00:45Z'), true))
    await time.pass(5)
    expect(times()).toEqual(['00:00:45', '00:00:50', '00:00:55'])
    await expect(elsewhere.pause('none')).rejects.toMatchObject({ code: 'BAD_OPTION' })
    await expect(elsewhere.trigger('none')).rejects.toThrow(/"none"/)
    expect(await elsewhere.list()).toMatchObject([{ name: 'sum', runs: 3, next: undefined }])
  })

  it('sends at once what is triggered in its own process', async () => {
    const beat = await start({ sum: every10 })
    const told = Promise.withResolvers<void>()
    app.publishTask = async () => told.resolve()
    await beat.trigger('sum')
    await told.promise
  })

  it('tries again what the broker did not take, under the same id, and sends the others', async () => {
    const failed: string[] = []
    const lateness: Record<string, number> = {}
    const hooks: BeatOptions['hooks'] = {
      failed: ({ entry }) => void failed.push(entry),
      sent: (run) => {
        lateness[run.entry] = run.lateness
      },
    }
    await start({ bad: { ...every10, task: 'bad' }, good: { ...every10, task: 'good' } }, { hooks })
    refuse = (message) => message.headers.task === 'bad'
    await time.pass(12)
    expect(sent.map(({ message }) => message.headers.task)).toEqual(['good'])
    refuse = undefined
    await time.pass(1)
    expect(sent.map(({ message }) => message.headers.id)).toEqual(
      ['good', 'bad'].map((name) => runId(name, new Date('2026-03-01T00:00:10Z'), false)),
    )
    expect(failed).toEqual(['bad', 'bad', 'bad'])
    expect(lateness).toEqual({ good: 0, bad: 3 })
    expect(lines.filter((line) => line === 'beat: sent')).toHaveLength(2)
  })

  it('sends and goes on whatever its hooks throw, and logs it as that', async () => {
    const hook = () => {
      throw new Error('a mistake of the hook')
    }
    refuse = (message) => message.headers.task === 'bad'
    const entries = {
      good: every10,
      bad: { ...every10, task: 'bad' },
      late: { ...every10, startingDeadline: 0.5 },
    }
    await start(entries, { hooks: { sent: hook, failed: hook, leftOut: hook }, maxInterval: 3_600 })
    time.skip(15)
    await time.pass(5)
    expect(sent.map(({ message, at }) => [message.headers.task, at])).toEqual([
      ['tasks.add', '00:00:15'],
      ['tasks.add', '00:00:20'],
      ['tasks.add', '00:00:20'],
    ])
    expect(lines).not.toContain('beat: the store does not answer; it is asked again')
    const told = ['beat: sent', 'beat: could not send; it is tried again', 'beat: left out, too late']
    const due = lines.filter((line) => told.includes(line)).length
    expect(lines.filter((line) => line === 'beat: a hook has failed')).toHaveLength(due)
  })

  const othersWarning = /another scheduler has this entry otherwise/
  it.each<[string, Partial<BeatEntry>, string?]>([
    ['task', { task: 'tasks.other' }],
    ['schedule', { schedule: interval(20) }],
    ['broker', {}, `memory:${randomUUID()}`],
  ])('warns, once each, when another scheduler has an entry with another %s', async (_, part, broker) => {
    const shared = { own: every10, sum: every10 }
    await start(shared)
    await start(shared)
    await time.pass(130)
    expect(lines.filter((line) => othersWarning.test(line))).toEqual([])

    const { log, now } = app.options
    const other = broker ? createCelery({ broker, now, log }) : app
    const beat = createBeat(other, { entries: { sum: { ...every10, ...part } }, store }, time)
    beats.push(beat)
    await beat.start()
    await time.pass(300)
    expect(lines.filter((line) => othersWarning.test(line))).toHaveLength(3)
    await beat.stop()
    if (broker) await other.close()
  })

  it('does not warn of what it had said itself before it was started anew, and the store keeps for a while', async () => {
    await store.register([{ name: 'sum', task: 'tasks.old', schedule: 'every 5 s', broker: '' }])
    const { register } = store
    let isKept = false
    store.register = async (texts) => {
      if (isKept) await register(texts)
    }
    await start({ sum: every10 })
    await time.pass(30)
    isKept = true
    await time.pass(120)
    const [kept] = (await store.read()).entries
    expect(kept).toMatchObject({ name: 'sum', task: 'tasks.add' })
    expect(lines.filter((line) => othersWarning.test(line))).toEqual([])
  })

  it('asks a store again that does not answer', async () => {
    const { read } = store
    let failures = 0
    await start({ sum: every10 })
    store.read = async () => {
      failures += 1
      throw new Error('gone')
    }
    await time.pass(12)
    expect(failures).toBeGreaterThan(2)
    expect(sent).toEqual([])
    store.read = read
    await time.pass(8)
    expect(dues()).toEqual(['2026-03-01T00:00:10.000Z', '2026-03-01T00:00:20.000Z'])
  })

  it('is done when what was being sent is', async () => {
    const beat = await start({ sum: every10 })
    const sending = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const order: string[] = []
    app.publishTask = async () => {
      sending.resolve()
      await finish.promise
      order.push('sent')
    }
    void time.pass(10)
    await sending.promise
    const stopped = beat.stop().then(() => order.push('stopped'))
    void beat.done.then(() => order.push('done'))
    finish.resolve()
    await stopped
    expect(order).toEqual(['sent', 'done', 'stopped'])
    await beat.stop()
    await expect(beat.list()).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(createBeat(app, { entries: {}, store }).stop()).resolves.toBeUndefined()
  })
})

describe('an entry that makes no sense is refused, and named', () => {
  const composite = {
    task: 'celery.group',
    args: [],
    kwargs: {},
    options: {},
    subtask_type: 'group',
    immutable: false,
  }
  const cases: [Partial<BeatEntry>, RegExp][] = [
    [{ task: '' }, /^Entry "e": The option task of the entry must be the name/],
    [{ shedule: crontab() } as object, /did you mean schedule\?/],
    [
      { schedule: undefined } as object,
      /^Entry "e": The option schedule of the entry is missing: it must be interval/,
    ],
    [{ schedule: 30 } as object, /must be interval\(...\) or crontab\(...\), not 30/],
    [{ args: { x: 1 } } as object, /args of the entry must be an array/],
    [{ enabled: 'no' } as object, /enabled/],
    [{ catchUp: 'all' } as object, /catchUp of the entry must be "once" or "none"/],
    [{ options: { taskId: 'one' } } as object, /taskId of its call belongs to one call/],
    [{ task: composite }, /^Entry "e": The option task of the entry cannot be a group: give a task/],
    [
      { timeZone: 'Mars/Olympus' },
      /^Entry "e": The option timeZone of the entry must be the name of a time zone/,
    ],
    [
      { schedule: interval(4), timeZone: 'x' },
      /timeZone of the entry must be .* like Europe\/Paris, not "x"/,
    ],
    [{ startingDeadline: 0 }, /startingDeadline/],
    [{ options: { priority: 256 } }, /priority/],
    [{ options: { headers: { task: 'x' } } }, /must not set task/],
    [{ args: [1, new Map()] }, /^Entry "e": .*args\[1\].*Map/],
    [{ kwargs: { of: { f() {} } } }, /^Entry "e": .*kwargs.of.f/],
    [{ args: ['x'.repeat(17 * 2 ** 20)] }, /^Entry "e": The arguments of t take .* more than maxBodySize/],
    [{ options: { headers: { tenant: new Map() } } }, /^Entry "e": .*headers.tenant.*Map/],
    [{ options: { expires: 1e15 } }, /^Entry "e": .*expires of a call must be .* until a year/],
  ]
  it.each(cases)('%o', (part, message) => {
    const entry = { task: 't', schedule: crontab(), ...part }
    expect(() => createBeat(app, { entries: { e: entry }, store })).toThrow(message)
  })

  it.each(['', 'x'.repeat(201)])('nor is a name that no store can show: %o', (name) => {
    const entries = { [name]: { task: 't', schedule: crontab() } }
    expect(() => createBeat(app, { entries, store })).toThrow(
      /The option name of the entry must be text of 1 to 200 characters/,
    )
  })

  it.each<[object, string]>([
    [{ entries: {}, store: 'memory:', maxIntervall: 5 }, 'did you mean maxInterval?'],
    [
      { entries: {}, store: 'memory:', maxInterval: 0 },
      'maxInterval of createBeat must be a number from 0.01',
    ],
    [{ entries: {} }, 'store of createBeat is missing'],
    [{ store: 'memory:' }, 'entries of createBeat is missing'],
    [{ entries: {}, store: 'memory:', hooks: { send() {} } }, 'hooks.send of createBeat is not known'],
  ])('nor are other options: %o', (options, message) => {
    expect(() => createBeat(app, options as BeatOptions)).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining(message) }),
    )
  })

  it('and so are a store of another kind and a tick that makes no sense', () => {
    expect(() => createBeat(app, { entries: {}, store: 'amqp://localhost' })).toThrow(/postgres:/)
    expect(() => createBeat(app, { entries: {}, store, maxInterval: 0 })).toThrow(/maxInterval/)
  })
})
