import { describe, expect, it } from 'vitest'
import { chain, chord, chunks, group, map, starmap } from '../../src/canvas/build.ts'
import type { GroupResult } from '../../src/results/handle-group.ts'
import { createTasks, startWorker, until } from './support/tasks.ts'

const timeout = 5

describe('a chain', () => {
  it('gives each step the result of the one before', async () => {
    const { app, add } = createTasks()
    await startWorker(app)
    const result = await chain(add.signature([2, 2]), add.signature([4]), add.signature([8])).send()
    expect(await result.get({ timeout })).toBe(16)
    expect(await result.parent?.get({ timeout })).toBe(8)
    expect(await result.parent?.parent?.get({ timeout })).toBe(4)
    expect(result.parent?.parent?.parent).toBeUndefined()
    await result.forget()
    expect(await result.parent?.parent?.ready()).toBe(false)
  })

  it('tells each step its root and its parent', async () => {
    const { app, add, sent } = createTasks()
    await startWorker(app)
    const result = await chain(add.signature([1]), add.signature([1]), add.signature([1])).send()
    await result.get({ timeout })
    const [first, second, third] = sent.map(({ headers }) => headers)
    expect(first).toMatchObject({ root_id: first?.id, parent_id: null })
    expect(second).toMatchObject({ root_id: first?.id, parent_id: first?.id })
    expect(third).toMatchObject({ root_id: first?.id, parent_id: second?.id, id: result.id })
  })

  it('gives an immutable step nothing', async () => {
    const { app, add } = createTasks()
    await startWorker(app)
    const result = await chain(add.signature([2, 2]), add.si([4]), add.signature([1])).send()
    expect(await result.get({ timeout })).toBe(5)
  })

  it('takes arguments when it is sent, for its first step', async () => {
    const { app, echo } = createTasks()
    await startWorker(app)
    const result = await chain(echo.signature(['b']), echo.signature(['c'])).send(['a'])
    expect(await result.get({ timeout })).toEqual([['a', 'b'], 'c'])
  })

  it('fails as a whole when a step does', async () => {
    const { app, add, fail, note, notes } = createTasks()
    await startWorker(app)
    const errback = note.signature(['failed'])
    const result = await chain(add.signature([1]), fail.signature(), add.signature([1]), add.signature([1]))
      .linkError(errback)
      .send()
    await expect(result.get({ timeout })).rejects.toMatchObject({
      type: 'ValueError',
      args: ['deliberate', 1],
    })
    expect(await result.parent?.failed()).toBe(true)
    await until(() => notes.length > 0, 'the errback')
    expect(notes).toEqual([[result.parent?.parent?.id, 'failed']])
  })

  it('may end in a group', async () => {
    const { app, add } = createTasks()
    await startWorker(app)
    const result = await chain(add.signature([1]), group(add.signature([10]), add.signature([20]))).send()
    expect(await result.get({ timeout })).toEqual([11, 21])
  })

  it('makes a chord of a group and what follows it', async () => {
    const { app, add, sum } = createTasks()
    await startWorker(app)
    const both = group(add.signature([1]), add.signature([2]))
    const result = await chain(add.signature([1]), both, sum.signature(), both, sum.signature()).send()
    expect(await result.get({ timeout })).toBe(5 + 1 + 5 + 2)
  })

  it('leaves out empty groups and chains', async () => {
    const { app, add } = createTasks()
    await startWorker(app)
    const result = await chain(group([]), add.signature([1]), chain(), group([]), add.signature([2])).send([
      3,
    ])
    expect(await result.get({ timeout })).toBe(6)
    await expect(chain().send()).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })
})

describe('a group of nothing', () => {
  it('is done at once, with or without an app', async () => {
    const { app } = createTasks()
    for (const result of [await group([]).send(), (await app.apply(group([]))) as GroupResult]) {
      expect(await result.get()).toEqual([])
      expect(await Array.fromAsync(result)).toEqual([])
      expect(await result.ready()).toBe(true)
      expect(await result.successful()).toBe(true)
      expect(await result.failed()).toBe(false)
      expect(await result.completedCount()).toBe(0)
      await result.forget()
    }
  })

  it('has the id that it is given, and one of its own else', async () => {
    const results = [await group([]).send(), await group([]).send()]
    expect(new Set(results.map(({ id }) => id)).size).toBe(2)
    expect((await group([]).send([], { taskId: 'mine' })).id).toBe('mine')
    await expect(group([]).send([], { countdown: -1 })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })

  it('is kept where an app sends it', async () => {
    const { app } = createTasks()
    const result = (await app.apply(group([]))) as GroupResult
    await result.save()
    expect((await app.groupResult(result.id))?.results).toEqual([])
    const alone = await group([]).send()
    await expect(alone.save()).rejects.toThrow('app.apply')
  })
})

it('a chain of nothing says that it needs a step', async () => {
  for (const empty of [chain(), chain([]), chain(chain())]) {
    await expect(empty.send()).rejects.toThrow('needs a step')
  }
})

describe('a group', () => {
  it('gives its results in order, and as they are done', async () => {
    const { app, echo, fail } = createTasks()
    await startWorker(app)
    const result = await group(echo.signature(['a']), fail.signature(), echo.signature(['c'])).send()
    const seen = new Map<number, unknown>()
    for await (const { index, value, error } of result) seen.set(index, value ?? error?.message)
    expect([...seen].sort()).toEqual([
      [0, 'a'],
      [1, 'deliberate'],
      [2, 'c'],
    ])
    await expect(result.get({ timeout })).rejects.toMatchObject({ type: 'ValueError' })
    expect(await result.completedCount()).toBe(2)
    expect([await result.ready(), await result.successful(), await result.failed()]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('is restored by its id when it was saved', async () => {
    const { app, add } = createTasks()
    await startWorker(app)
    const result = await group([1, 2, 3].map((number) => add.signature([number, number]))).send()
    await result.save()
    const restored = await app.groupResult<number>(result.id)
    expect(await restored?.get({ timeout })).toEqual([2, 4, 6])
    await restored?.forget()
    expect(await app.groupResult(result.id)).toBeUndefined()
  })

  it('takes arguments for all of its tasks, and groups within it are part of it', async () => {
    const { app, add } = createTasks()
    await startWorker(app)
    const inner = group(add.signature([1]), chain(add.signature([2]), add.signature([3])))
    const result = await group(inner).send([10])
    expect(await result.get({ timeout })).toEqual([11, 15])
  })

  it('of nothing has no results', async () => {
    const { app } = createTasks()
    await startWorker(app)
    expect(await (await app.apply(group([]))).get({ timeout })).toEqual([])
  })

  it('has its members link to a callback of their own', async () => {
    const { app, add, note, notes } = createTasks()
    await startWorker(app)
    const result = await group(add.signature([1]).link(note.signature()), add.signature([2])).send()
    await result.get({ timeout })
    await until(() => notes.length > 0, 'the callback')
    expect(notes).toEqual([[1]])
    await expect(group(add.signature([1])).send([], { link: note.signature() })).rejects.toMatchObject({
      code: 'BAD_OPTION',
    })
  })
})

describe('a chord', () => {
  it('gives its body the results in the order of the header', async () => {
    const { app, echo } = createTasks()
    await startWorker(app)
    const result = await chord(
      ['a', 'b', 'c'].map((letter) => echo.signature([letter])),
      echo.signature(['last']),
    ).send()
    expect(await result.get({ timeout })).toEqual([['a', 'b', 'c'], 'last'])
    expect(await result.parent?.get({ timeout })).toEqual(['a', 'b', 'c'])
  })

  it('runs its body at once when the header is empty', async () => {
    const { app, echo } = createTasks()
    await startWorker(app)
    expect(await (await chord([], echo.signature(['x'])).send()).get({ timeout })).toEqual([[], 'x'])
  })

  it('fails with its body when a task of the header does', async () => {
    const { app, add, fail, sum, note, notes } = createTasks()
    await startWorker(app)
    const canvas = chain(chord([add.signature([1]), fail.signature()], sum.signature()), add.signature([1]))
    const result = await canvas.linkError(note.signature()).send()
    await expect(result.get({ timeout })).rejects.toMatchObject({
      type: 'ChordError',
      module: 'celery.exceptions',
      args: [expect.stringMatching(/^Dependency [-0-9a-f]{36} raised ValueError\('deliberate'\)$/)],
    })
    await until(() => notes.length > 0, 'the errback')
    expect(notes).toEqual([[result.parent?.id]])
  })

  it('waits for chains, chords and groups within its header', async () => {
    const { app, add, sum, echo } = createTasks()
    await startWorker(app)
    const header = [
      chain(add.signature([1]), add.signature([1])),
      chord([add.signature([1]), add.signature([2])], sum.signature()),
      chain(add.signature([5]), group(add.signature([1]), add.signature([2]))),
      add.signature([9]),
    ]
    const result = await chord(header, echo.signature()).send()
    expect(await result.get({ timeout })).toEqual([2, 3, [6, 7], 9])
  })

  it('may have a group, a chain or a chord for its body', async () => {
    const { app, add, sum, echo } = createTasks()
    await startWorker(app)
    const header = [add.signature([1]), add.signature([2])]
    const toGroup = await chord(header, group(sum.signature(), echo.signature())).send()
    expect(await toGroup.get({ timeout })).toEqual([3, [1, 2]])
    const toChain = await chord(header, chain(sum.signature(), add.signature([10]))).send()
    expect(await toChain.get({ timeout })).toBe(13)
    const toChord = await chord(header, chord([sum.signature(), sum.signature([1])], sum.signature())).send()
    expect(await toChord.get({ timeout })).toBe(7)
  })

  it('runs its header though its body is a group of nothing, which is done at once', async () => {
    const { app, add, note, notes, echo } = createTasks()
    await startWorker(app)
    const inner = chord([note.signature(['a']), note.signature(['b'])], group([]))
    const results = [await inner.send(), await chain(add.signature([1]), inner).send()]
    for (const result of results) expect(await result.get({ timeout })).toEqual([])
    await until(() => notes.length === 4, 'what the headers note')
    const followed = await chain(inner, echo.signature(['then'])).send()
    expect(await followed.get({ timeout })).toEqual([[], 'then'])
    const within = await chord(
      [chain(add.signature([1]), inner), add.signature([2])],
      echo.signature(),
    ).send()
    expect(await within.get({ timeout })).toEqual([[], 2])
    const alone = await chord([chain(add.signature([1]), inner)], echo.signature()).send()
    expect(await alone.get({ timeout })).toEqual([[]])
    await expect(chord([add.signature([1])], chain()).send()).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })

  it('within a header hands its failure on', async () => {
    const { app, add, fail, sum } = createTasks()
    await startWorker(app)
    const inner = chord([fail.signature(), add.signature([1])], sum.signature())
    const result = await chord([inner, add.signature([1])], sum.signature()).send()
    await expect(result.get({ timeout })).rejects.toMatchObject({ type: 'ChordError' })
  })

  it('says what it lacks without a result store', async () => {
    const { add, sum } = createTasks({ results: undefined } as never)
    await expect(chord([add.signature([1])], sum.signature()).send()).rejects.toMatchObject({
      code: 'NO_RESULTS',
    })
  })
})

describe('maps', () => {
  it('call a task for each item within one task, or in chunks', async () => {
    const { app, add, sum } = createTasks()
    await startWorker(app)
    expect(await (await map(sum, [[1, 2], 3]).send()).get({ timeout })).toEqual([3, 3])
    const pairs = [1, 2, 3, 4, 5].map((number) => [number, number])
    expect(await (await starmap(add, pairs).send()).get({ timeout })).toEqual([2, 4, 6, 8, 10])
    expect(await (await chunks(add, pairs, 2).send()).get({ timeout })).toEqual([[2, 4], [6, 8], [10]])
    expect(await (await chain(chunks(add, pairs, 2), sum.signature()).send()).get({ timeout })).toBe(30)
  })
})
