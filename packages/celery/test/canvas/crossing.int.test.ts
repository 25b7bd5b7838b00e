import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leftOut, servers } from '../../testing/servers.ts'
import { type Crossing, openCrossing } from './support/crossing.ts'
import { add, divisions, echo, fail, onSides, type Plan, plans, tsum } from './support/plans.ts'

const { redis, python, amqp } = servers
if (!redis) leftOut('canvases that cross to Python', 'TEST_REDIS_URL')
if (!python) leftOut('canvases that cross to Python', 'TEST_CELERY_PYTHON')
if (!amqp) leftOut('canvases that cross to Python on RabbitMQ', 'TEST_AMQP_URL')

const brokers: [string, string | undefined][] = [['Redis', undefined]]
if (amqp) brokers.push(['RabbitMQ', amqp])

describe.skipIf(!redis || !python).each(brokers)('on %s, canvases', (_, url) => {
  let crossing: Crossing
  beforeAll(async () => {
    crossing = await openCrossing({ redis: redis ?? '', python: python ?? '', amqp: url })
  })
  afterAll(async () => await crossing?.close())

  describe.each(Object.entries(divisions))('run by %s', (_by, sides) => {
    // Mostly they wait for each other's workers.
    it.concurrent.each(plans)('%s', async (_what, plan, value) => {
      const placed = onSides(plan, sides)
      expect(await crossing.here(placed), 'built here').toEqual({ value })
      expect(await crossing.there(placed), 'built in Python').toEqual({ value })
      expect(await crossing.readThere(placed), 'built here, read in Python').toEqual({ value })
    })

    it('fail as a whole, with their errbacks called', async () => {
      for (const send of [crossing.here, crossing.there]) {
        const errback: Plan = ['task', 'failed']
        const chained = onSides(['errback', ['chain', add(1), fail, add(1), add(1)], errback], sides)
        expect(await send(chained)).toEqual({ error: 'ValueError', args: ['deliberate', '1'] })
        expect(await crossing.notes(1)).toEqual([[expect.stringMatching(/^[-0-9a-f]{36}$/), 'failed']])
      }
    })

    it('fail their chords', async () => {
      const chords: Plan[] = [
        ['chord', add(1), fail, tsum()],
        ['chain', ['group', add(1), fail], tsum(), add(1)],
        ['chord', ['chain', fail, add(1)], add(1), ['chain', tsum(), add(1)]],
      ]
      const reason = /^Dependency .+ raised ValueError\('deliberate'\)$/
      for (const plan of chords) {
        const here = await crossing.here(onSides(plan, sides))
        expect(here).toEqual({ error: 'ChordError', args: [expect.stringMatching(reason)] })
        // Python's get() raises what a parent is known to have failed with, when it is known before it waits.
        const there = await crossing.there(onSides(plan, sides))
        expect(there).toMatchObject({ error: expect.stringMatching(/^(ChordError|ValueError)$/) })
      }
    })

    it('call back', async () => {
      for (const send of [crossing.here, crossing.there]) {
        const linked: Plan = [
          'link',
          ['chain', add(1), ['group', add(1), add(2)], echo()],
          ['task', 'note', 'done'],
        ]
        expect(await send(onSides(linked, sides))).toEqual({ value: [2, 3] })
        expect(await crossing.notes(1)).toEqual([[[2, 3], 'done']])
      }
    })

    it('that end in a group call back with what each member gave', async () => {
      for (const send of [crossing.here, crossing.there]) {
        const ending: Plan = ['chain', add(1), ['group', add(1), add(2)]]
        expect(await send(onSides(['link', ending, ['task', 'note', 'done']], sides))).toEqual({
          value: [2, 3],
        })
        expect((await crossing.notes(2)).sort()).toEqual([
          [2, 'done'],
          [3, 'done'],
        ])
      }
    })

    it('of chunks that Python made give Python what the task that sends them gives', async () => {
      const made: Plan = ['chunkstask', 'add', 2, [1, 2], [3, 4], [5, 6]]
      const id = [expect.any(String), null]
      const value = [
        id,
        [
          [id, null],
          [id, null],
        ],
      ]
      const ending: Plan[] = [
        ['chain', add(1), made],
        ['chord', add(1), made],
      ]
      for (const plan of ending) expect(await crossing.there(onSides(plan, sides))).toEqual({ value })
      const member: Plan = ['chain', add(1), ['group', add(4), made]]
      expect(await crossing.there(onSides(member, sides))).toEqual({ value: [5, value] })
    })

    it('tell each task its root and parent', async () => {
      const where: Plan = ['task', 'where']
      for (const send of [crossing.here, crossing.there]) {
        const sent = await send(onSides(['chain', where, where, ['group', where, where], where], sides))
        const [header, last] = (sent as { value: [[unknown[][], unknown[][]], string[]] }).value
        const [[[[first], second], third], [, fourth]] = header as never as [
          [[[string[]], string[]], string[]],
          [unknown, string[]],
        ]
        const root = first[0]
        expect(first).toEqual([root, null, root])
        expect(second).toEqual([root, root, expect.any(String)])
        expect(third).toEqual([root, second[2], expect.any(String)])
        expect(fourth).toEqual([root, second[2], expect.any(String)])
        expect(last[0]).toBe(root)
        expect([third[2], fourth[2]]).toContain(last[1])
      }
    })
  })

  it('of what follows a chord of Python with a group for its body, send one with all results', async () => {
    const begun: Plan = ['chord', add(1), add(2), ['group', tsum(3), tsum(4)]]
    // Python by itself sends it once for each member, under one id, and keeps one of these results.
    const followed: Plan = ['chain', begun, ['chord', tsum(5), tsum(6), tsum(7)]]
    const value = 6 + 7 + 5 + (6 + 7 + 6) + 7
    expect(await crossing.there(onSides(followed, ['ts']))).toEqual({ value })
    expect(await crossing.here(onSides(followed, ['ts']))).toEqual({ value })
  })

  it('take along where their tasks live, which Python is not told of otherwise', async () => {
    const step = (name: string, ...args: unknown[]): Plan => ['task', name, ...args]
    const elsewhere = step('elsewhere.add', 10)
    const cases: [Plan, unknown][] = [
      [['chain', step('py.add', 1), elsewhere, step('py.add', 100)], 111],
      [['chord', step('py.add', 1), step('py.add', 2), elsewhere], 13],
      [['chain', step('py.add', 1), ['group', elsewhere, step('py.add', 2)], elsewhere], 24],
    ]
    for (const [plan, value] of cases) expect(await crossing.here(plan)).toEqual({ value })
    expect(await crossing.here(['link', step('py.add', 1), step('elsewhere.note')])).toEqual({ value: 1 })
    expect(await crossing.notes(1)).toEqual([[1]])
  })
})
