import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ChordPart, ResultStore, TaskMeta } from '../src/results/port.ts'

/** A place where results are kept, for the time of one run of the contract. */
export interface ResultsPlace {
  /** A store of this place that is not open yet: each stands for a process of its own. */
  store(): ResultStore
  /**
   * Breaks every connection that the stores of this place have now; new ones can be made at once. Without it the
   * tests of lost connections are left out.
   */
  breakConnections?(): Promise<void>
  /** Removes what was kept. Every store is closed by then. */
  drop(): Promise<void>
}

export interface ResultsContractOptions {
  create(): Promise<ResultsPlace> | ResultsPlace
}

/** Milliseconds in which what one store was told must reach another, lost connections included. */
const patience = 15_000

/** What `results/port.ts` promises, for every implementation of it. */
export function resultsContract(name: string, { create }: ResultsContractOptions): void {
  describe(`results: ${name}`, () => {
    let place: ResultsPlace
    const opened: ResultStore[] = []

    beforeAll(async () => {
      place = await create()
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()))
    })
    afterAll(() => place.drop())

    async function openStore(): Promise<ResultStore> {
      const store = place.store()
      opened.push(store)
      await store.open()
      return store
    }

    const context: Context = {
      openStore,
      breakConnections: async () => {
        if (place.breakConnections === undefined) return false
        await place.breakConnections()
        return true
      },
    }
    describe('states', () => states(context))
    describe('watching', () => watching(context))
    describe('groups', () => groups(context))
    describe('chords', () => chords(context))
    describe('starts', () => starts(context))
    describe('connections', () => connections(context))
  })
}

interface Context {
  openStore(): Promise<ResultStore>
  /** False where this place cannot. */
  breakConnections(): Promise<boolean>
}

function metaOf(taskId: string, over: Partial<TaskMeta> = {}): TaskMeta {
  return {
    task_id: taskId,
    status: 'SUCCESS',
    result: 42,
    traceback: null,
    children: [],
    date_done: '2026-03-01T10:00:00.123456+00:00',
    ...over,
  }
}

const failure = {
  status: 'FAILURE',
  result: { exc_type: 'ValueError', exc_message: ['no', 7], exc_module: 'builtins' },
  traceback: 'Traceback (most recent call last):\n  ...\nValueError: no',
}

/** Values of every kind that a result may be. */
const values: [string, unknown][] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['zero', 0],
  ['a negative number', -17],
  ['a fraction', 0.1],
  ['a large float', 1.7976931348623157e308],
  ['the largest safe integer', 9007199254740991],
  ['an integer beyond 2^53', 2n ** 70n],
  ['NaN', Number.NaN],
  ['infinities', [Infinity, -Infinity]],
  ['an empty text', ''],
  ['a text of all alphabets', 'Zażółć 漢字 😀 \u0000\u001f\u2028 "\\/\' %s $1 {}'],
  ['an empty list', []],
  ['an empty object', {}],
  ['nested', { a: [1, [2, [{ b: [[]], c: {} }]]], '': { ' ': null } }],
  ['a time', new Date('2026-03-01T10:00:00.123Z')],
]

function states({ openStore }: Context): void {
  test('nothing is known of a task that never was', async () => {
    const store = await openStore()
    expect(await store.get([randomUUID()])).toEqual([undefined])
    expect(await store.get([])).toEqual([])
  })

  test('what was stored is there for everyone, with all that was said', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const id = randomUUID()
    const meta = metaOf(id, {
      children: [[[randomUUID(), null], null]],
      group_id: randomUUID(),
      parent_id: randomUUID(),
      name: 'shop.import',
      args: [1, 'two'],
      kwargs: { three: 3 },
      worker: 'celery@here',
      retries: 2,
      queue: 'imports',
    })
    await writer.store(meta)
    expect(await reader.get([id])).toEqual([meta])
  })

  test.each(values)('a result that is %s', async (_, result) => {
    const store = await openStore()
    const id = randomUUID()
    await store.store(metaOf(id, { result }))
    expect((await store.get([id]))[0]?.result).toEqual(result)
  })

  test('a result of 5 MB', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const id = randomUUID()
    const result = Array.from({ length: 50_000 }, (_, n) => `${n} ${'€'.repeat(30)}`)
    await writer.store(metaOf(id, { result }))
    const [meta] = await reader.get([id])
    expect(JSON.stringify(meta?.result) === JSON.stringify(result)).toBe(true)
  })

  test('many are read in the order that was asked for', async () => {
    const store = await openStore()
    const ids = Array.from({ length: 300 }, () => randomUUID())
    await Promise.all(
      ids.map((id, result) => (result % 3 === 0 ? undefined : store.store(metaOf(id, { result })))),
    )
    const metas = await store.get([...ids, ids[1] ?? ''])
    expect(metas.map((meta) => meta?.result)).toEqual([
      ...ids.map((_, n) => (n % 3 === 0 ? undefined : n)),
      1,
    ])
  })

  test('a later state takes the place of an earlier one', async () => {
    const store = await openStore()
    const id = randomUUID()
    const steps = [
      metaOf(id, { status: 'STARTED', result: { pid: 7, hostname: 'celery@here' }, date_done: null }),
      metaOf(id, { ...failure, status: 'RETRY', date_done: null }),
      metaOf(id, { status: 'PROGRESS', result: { done: 3, of: 9 }, date_done: null }),
      metaOf(id, failure),
      metaOf(id),
    ]
    for (const meta of steps) {
      await store.store(meta)
      expect(await store.get([id])).toEqual([meta])
    }
  })

  test('SUCCESS is final', async () => {
    const [store, other] = [await openStore(), await openStore()]
    const id = randomUUID()
    await store.store(metaOf(id, { result: 'first' }))
    for (const over of [failure, { status: 'STARTED' }, { result: 'second' }, { status: 'REVOKED' }])
      await other.store(metaOf(id, over))
    expect(await store.get([id])).toEqual([metaOf(id, { result: 'first' })])
  })

  test('states stored at once, without waiting, keep their order', async () => {
    const store = await openStore()
    const ids = Array.from({ length: 50 }, () => randomUUID())
    await Promise.all(
      ids.flatMap((id) => [
        store.store(metaOf(id, { status: 'STARTED', date_done: null })),
        store.store(metaOf(id, { result: 'first' })),
        store.store(metaOf(id, failure)),
      ]),
    )
    expect(await store.get(ids)).toEqual(ids.map((id) => metaOf(id, { result: 'first' })))
  })

  test('what is forgotten is not known any more, and may be stored anew', async () => {
    const store = await openStore()
    const ids = [randomUUID(), randomUUID(), randomUUID()] as const
    await Promise.all(ids.map((id) => store.store(metaOf(id))))
    await store.forget([ids[0], ids[2], randomUUID()])
    await store.forget([])
    expect(await store.get(ids)).toEqual([undefined, metaOf(ids[1]), undefined])
    await store.store(metaOf(ids[0], failure))
    expect(await store.get([ids[0]])).toEqual([metaOf(ids[0], failure)])
  })
}

/** Notes what a watch tells; a state told again at once is noted once, as the port allows that. */
function recorder() {
  const seen: TaskMeta[] = []
  return {
    seen,
    onMeta(meta: TaskMeta) {
      const last = seen.findLast(({ task_id }) => task_id === meta.task_id)
      if (last === undefined || JSON.stringify(last) !== JSON.stringify(meta)) seen.push(meta)
    },
    statesOf: (id: string) => seen.filter(({ task_id }) => task_id === id).map(({ status }) => status),
  }
}

const eventually = <T>(check: () => T) => vi.waitFor(check, { timeout: patience, interval: 5 })

function watching({ openStore }: Context): void {
  test('a state that is there already is told', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const id = randomUUID()
    await writer.store(metaOf(id))
    const { seen, onMeta } = recorder()
    const watch = await reader.watch([id], onMeta)
    await eventually(() => expect(seen).toEqual([metaOf(id)]))
    await watch.stop()
  })

  test('every state from then on is told, in order', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const id = randomUUID()
    const { onMeta, statesOf } = recorder()
    const watch = await reader.watch([id], onMeta)
    const order = ['STARTED', 'PROGRESS', 'RETRY', 'FAILURE', 'SUCCESS']
    for (const status of order) await writer.store(metaOf(id, { status }))
    await eventually(() => expect(statesOf(id)).toEqual(order))
    await watch.stop()
  })

  test('who stores and watches through the same store is told too', async () => {
    const store = await openStore()
    const id = randomUUID()
    const { onMeta, statesOf } = recorder()
    const watch = await store.watch([id], onMeta)
    await store.store(metaOf(id, failure))
    await eventually(() => expect(statesOf(id)).toEqual(['FAILURE']))
    await watch.stop()
  })

  test('a big result is told', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const id = randomUUID()
    const { seen, onMeta } = recorder()
    const watch = await reader.watch([id], onMeta)
    const result = '€'.repeat(100_000)
    await writer.store(metaOf(id, { result }))
    await eventually(() => expect(seen.map((meta) => meta.result === result)).toEqual([true]))
    await watch.stop()
  })

  test('of a thousand tasks each is told, whenever it was stored', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const ids = Array.from({ length: 1_000 }, () => randomUUID())
    const { seen, onMeta } = recorder()
    const storing = ids.map((id, result) => writer.store(metaOf(id, { result })))
    const watch = await reader.watch(ids.slice(0, 500), onMeta)
    await watch.add(ids.slice(500))
    await Promise.all(storing)
    await eventually(() => expect(seen).toHaveLength(ids.length))
    const results = new Map(seen.map((meta) => [meta.task_id, meta.result]))
    expect(ids.map((id) => results.get(id))).toEqual(ids.map((_, n) => n))
    await watch.stop()
  })

  test('two who watch the same task are both told, and others nothing of it', async () => {
    const [writer, reader, other] = [await openStore(), await openStore(), await openStore()]
    const [id, unrelated] = [randomUUID(), randomUUID()]
    const records = [recorder(), recorder(), recorder(), recorder()] as const
    const watches = [
      await reader.watch([id], records[0].onMeta),
      await reader.watch([id], records[1].onMeta),
      await other.watch([id], records[2].onMeta),
      await other.watch([unrelated], records[3].onMeta),
    ]
    await writer.store(metaOf(id))
    for (const record of records.slice(0, 3))
      await eventually(() => expect(record.seen).toEqual([metaOf(id)]))
    await writer.store(metaOf(unrelated))
    await eventually(() => expect(records[3].seen).toEqual([metaOf(unrelated)]))
    await Promise.all(watches.map((watch) => watch.stop()))
  })

  test('what was added later is told, and what was removed or stopped is not', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const ids = [randomUUID(), randomUUID(), randomUUID()] as const
    const { onMeta, statesOf, seen } = recorder()
    const watch = await reader.watch([ids[0]], onMeta)
    await watch.add([ids[1], ids[2]])
    await watch.remove([ids[0], randomUUID()])
    await writer.store(metaOf(ids[0]))
    await writer.store(metaOf(ids[1]))
    await eventually(() => expect(statesOf(ids[1])).toEqual(['SUCCESS']))
    await watch.stop()
    await watch.stop()
    await writer.store(metaOf(ids[2]))
    // Told in order: what a second watch is told now, the stopped one would have been told before.
    const second = recorder()
    const still = await reader.watch([ids[2]], second.onMeta)
    await eventually(() => expect(second.seen).toEqual([metaOf(ids[2])]))
    expect(seen).toEqual([metaOf(ids[1])])
    await still.stop()
  })

  test('one watch that is stopped leaves another of the same task as it is', async () => {
    const store = await openStore()
    const id = randomUUID()
    const { onMeta, statesOf } = recorder()
    const [first, second] = [await store.watch([id], onMeta), await store.watch([id], onMeta)]
    await first.stop()
    await store.store(metaOf(id))
    await eventually(() => expect(statesOf(id)).toEqual(['SUCCESS']))
    await second.stop()
  })
}

function groups({ openStore }: Context): void {
  test('a group is kept until it is forgotten', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const [id, parent, child] = [randomUUID(), randomUUID(), randomUUID()]
    const result = [[id, [[parent, null], null]], [[[child, null], null]]]
    expect(await reader.getGroup(id)).toBeUndefined()
    await writer.storeGroup(id, result)
    expect(await reader.getGroup(id)).toEqual(result)
    await writer.storeGroup(id, [[id, null], []])
    expect(await reader.getGroup(id)).toEqual([[id, null], []])
    await reader.forgetGroup(id)
    expect(await writer.getGroup(id)).toBeUndefined()
  })
}

function partOf(index: number | undefined, over: Partial<ChordPart> = {}): ChordPart {
  return { taskId: randomUUID(), index, state: 'SUCCESS', result: { part: index ?? null }, ...over }
}

function chords({ openStore }: Context): void {
  test('the last part completes it, in the order of the header', async () => {
    const [one, other] = [await openStore(), await openStore()]
    const id = randomUUID()
    const parts = [partOf(0), partOf(1), partOf(2)] as const
    await one.setChordSize(id, 3)
    expect(await other.addChordPart(id, parts[2])).toBeUndefined()
    expect(await one.addChordPart(id, parts[0])).toBeUndefined()
    expect(await other.addChordPart(id, parts[1])).toEqual(parts)
  })

  test('more than ten parts are in the order of numbers, not of text', async () => {
    const store = await openStore()
    const id = randomUUID()
    const parts = Array.from({ length: 120 }, (_, n) => partOf(n))
    await store.setChordSize(id, parts.length)
    const answers = await Promise.all(parts.toReversed().map((part) => store.addChordPart(id, part)))
    expect(answers.filter((answer) => answer !== undefined)).toEqual([parts])
  })

  test('parts without an index come in the order of their arrival', async () => {
    const store = await openStore()
    const id = randomUUID()
    const parts = Array.from({ length: 20 }, (_, n) => partOf(undefined, { result: n }))
    await store.setChordSize(id, parts.length)
    let complete: ChordPart[] | undefined
    for (const part of parts) complete = await store.addChordPart(id, part)
    expect(complete?.map(({ result }) => result)).toEqual(parts.map(({ result }) => result))
  })

  test('of parts that come at the same time in many processes exactly one completes it', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, openStore))
    for (let round = 0; round < 10; round++) {
      const id = randomUUID()
      const parts = Array.from({ length: 24 }, (_, n) => partOf(n))
      await stores[0]?.setChordSize(id, parts.length)
      const answers = await Promise.all(parts.map((part, n) => stores[n % 4]?.addChordPart(id, part)))
      expect(answers.filter((answer) => answer !== undefined)).toEqual([parts])
    }
  })

  test('parts may come before its size is known', async () => {
    const store = await openStore()
    const id = randomUUID()
    const parts = [partOf(0), partOf(1)] as const
    expect(await store.addChordPart(id, parts[0])).toBeUndefined()
    await store.setChordSize(id, 2)
    expect(await store.addChordPart(id, parts[1])).toEqual(parts)
  })

  test('a part that is handed in again counts once, and completes it again', async () => {
    const [store, other] = [await openStore(), await openStore()]
    const id = randomUUID()
    const parts = [partOf(0), partOf(1)] as const
    await store.setChordSize(id, 2)
    expect(await store.addChordPart(id, parts[0])).toBeUndefined()
    expect(await other.addChordPart(id, parts[0])).toBeUndefined()
    expect(await store.addChordPart(id, parts[1])).toEqual(parts)
    expect(await other.addChordPart(id, parts[1])).toEqual(parts)
    expect(await other.addChordPart(id, parts[0])).toEqual(parts)
  })

  test('parts that failed or were revoked count, and say so', async () => {
    const store = await openStore()
    const id = randomUUID()
    const error = { exc_type: 'KeyError', exc_message: ['x'], exc_module: 'builtins' }
    const parts = [
      partOf(0, { state: 'FAILURE', result: error }),
      partOf(1),
      partOf(2, { state: 'REVOKED', result: { ...error, exc_type: 'TaskRevokedError' } }),
    ] as const
    await store.setChordSize(id, 3)
    for (const part of parts.slice(0, 2)) expect(await store.addChordPart(id, part)).toBeUndefined()
    const complete = await store.addChordPart(id, parts[2])
    expect(complete?.map(({ taskId, state }) => [taskId, state])).toEqual(
      parts.map(({ taskId, state }) => [taskId, state]),
    )
  })

  test('tasks that join it are waited for', async () => {
    const [store, other] = [await openStore(), await openStore()]
    const id = randomUUID()
    const parts = Array.from({ length: 5 }, (_, n) => partOf(n))
    await store.setChordSize(id, 2)
    await Promise.all([store.growChord(id, 2), other.growChord(id, 1)])
    const answers: (ChordPart[] | undefined)[] = []
    for (const part of parts) answers.push(await store.addChordPart(id, part))
    expect(answers).toEqual([undefined, undefined, undefined, undefined, parts])
  })

  test.each(values)('a part whose result is %s', async (_, result) => {
    const store = await openStore()
    const id = randomUUID()
    const part = partOf(0, { result })
    await store.setChordSize(id, 1)
    expect(await store.addChordPart(id, part)).toEqual([part])
  })

  test('a chord that is forgotten is not completed by a late repetition', async () => {
    const store = await openStore()
    const id = randomUUID()
    const part = partOf(0)
    await store.setChordSize(id, 1)
    expect(await store.addChordPart(id, part)).toEqual([part])
    await store.forgetChord(id)
    await store.forgetChord(id)
    expect(await store.addChordPart(id, part)).toBeUndefined()
  })
}

function starts({ openStore }: Context): void {
  test('are counted across processes until they are forgotten', async () => {
    const [store, other] = [await openStore(), await openStore()]
    const id = randomUUID()
    expect(await store.countStart(id)).toBe(0)
    expect(await other.countStart(id)).toBe(1)
    expect(await store.countStart(id)).toBe(2)
    expect(await store.countStart(randomUUID())).toBe(0)
    await other.forgetStarts(id)
    expect(await store.countStart(id)).toBe(0)
  })

  test('each at the same time gets a number of its own', async () => {
    const [store, other] = [await openStore(), await openStore()]
    const id = randomUUID()
    const counts = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).countStart(id)),
    )
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })
}

function connections({ openStore, breakConnections }: Context): void {
  test('open and close are safe to call twice, and again', async () => {
    const store = await openStore()
    await Promise.all([store.open(), store.open()])
    const id = randomUUID()
    await store.store(metaOf(id))
    await Promise.all([store.close(), store.close()])
    await store.close()
  })

  test('what was asked of a closed store is refused', async () => {
    const store = await openStore()
    await store.close()
    await expect(store.store(metaOf(randomUUID()))).rejects.toMatchObject({
      name: 'CeleryError',
      code: 'CLOSED',
    })
    await expect(store.get([randomUUID()])).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('the description holds no password', async () => {
    const store = await openStore()
    expect(store.describe()).toMatch(/^[a-z]+:/)
    expect(store.describe()).not.toMatch(/:[^/@]+@/)
  })

  test('a lost connection is waited out by who stores and reads', async ({ skip }) => {
    const store = await openStore()
    const ids = Array.from({ length: 40 }, () => randomUUID())
    const storing: Promise<void>[] = []
    for (const [n, id] of ids.entries()) {
      storing.push(store.store(metaOf(id, { result: n })))
      if (n % 10 === 5 && !(await breakConnections())) return skip('connections cannot be broken here')
    }
    await Promise.all(storing)
    expect((await store.get(ids)).map((meta) => meta?.result)).toEqual(ids.map((_, n) => n))
  })

  test('a watch goes on over lost connections', async ({ skip }) => {
    const [writer, reader] = [await openStore(), await openStore()]
    const ids = Array.from({ length: 30 }, () => randomUUID())
    const { onMeta, statesOf } = recorder()
    const watch = await reader.watch(ids, onMeta)
    for (const [n, id] of ids.entries()) {
      if (n % 10 === 5 && !(await breakConnections())) return skip('connections cannot be broken here')
      await writer.store(metaOf(id))
    }
    await eventually(() => expect(ids.map((id) => statesOf(id))).toEqual(ids.map(() => ['SUCCESS'])))
    await watch.stop()
  })

  test('a chord is completed over lost connections', async ({ skip }) => {
    const [store, other] = [await openStore(), await openStore()]
    const id = randomUUID()
    const parts = Array.from({ length: 20 }, (_, n) => partOf(n))
    await store.setChordSize(id, parts.length)
    const answers: Promise<ChordPart[] | undefined>[] = []
    for (const [n, part] of parts.entries()) {
      answers.push((n % 2 ? store : other).addChordPart(id, part))
      if (n % 8 === 5 && !(await breakConnections())) return skip('connections cannot be broken here')
    }
    // A part whose answer was lost is handed in again, so that more than one may complete it.
    const complete = (await Promise.all(answers)).filter((answer) => answer !== undefined)
    expect(complete.length).toBeGreaterThanOrEqual(1)
    for (const answer of complete) expect(answer).toEqual(parts)
  })
}
