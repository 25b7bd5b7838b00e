import { describe, expect, it } from 'vitest'
import { chain, chord, chunks, group, map, signatureFrom, starmap } from '../../src/canvas/build.ts'
import { chordSize } from '../../src/canvas/chord-size.ts'
import type { SignatureData } from '../../src/protocol/message.ts'
import { createTasks } from './support/tasks.ts'

const task = (name: string, args: unknown[] = [], other: Partial<SignatureData> = {}): SignatureData => ({
  task: name,
  args,
  kwargs: {},
  options: {},
  subtask_type: null,
  immutable: false,
  ...other,
})
const composite = (type: string, kwargs: Record<string, unknown>, options = {}) =>
  task(`celery.${type}`, [], { kwargs, options, subtask_type: type })

describe('a signature as data is what Python has for a dict', () => {
  const { app, add, sum } = createTasksLater()

  it('of a task', () => {
    expect(add().signature([1, 2]).toJSON()).toEqual(task('add', [1, 2]))
    const named = app().remote<{ x: number; y: number }, number>({ name: 'named' })
    expect(named.signature({ x: 1 }).toJSON()).toEqual(task('named', [], { kwargs: { x: 1 } }))
    expect(add().si([1]).toJSON()).toEqual(task('add', [1], { immutable: true }))
    const options = { taskId: 'a', countdown: 5, expires: 60, priority: 3, queue: 'q', softTimeLimit: 1 }
    expect(add().signature([1]).set(options).toJSON().options).toEqual({
      task_id: 'a',
      countdown: 5,
      expires: 60,
      priority: 3,
      queue: 'q',
      soft_time_limit: 1,
    })
  })

  it('of a chain, a group and a chord', () => {
    const [one, two, total] = [add().signature([1]), add().signature([2]), sum().signature()]
    const [a, b, s] = [task('add', [1]), task('add', [2]), task('sum')]
    expect(chain(one, two).toJSON()).toEqual(composite('chain', { tasks: [a, b] }))
    expect(chain(one, chain(two, one)).toJSON()).toEqual(composite('chain', { tasks: [a, b, a] }))
    expect(group(one, two).toJSON()).toEqual(composite('group', { tasks: [a, b] }))
    expect(group([one, group(two, one)]).toJSON()).toEqual(composite('group', { tasks: [a, b, a] }))
    const both = composite('chord', { kwargs: {}, header: [a, b], body: s })
    expect(chord([one, two], total).toJSON()).toEqual(both)
    expect(chain(group(one, two), total).toJSON()).toEqual(both)
    expect(chain(one, group(one, two), total).toJSON()).toEqual(composite('chain', { tasks: [a, both] }))
    expect(chain(one, group(two), one).toJSON()).toEqual(composite('chain', { tasks: [a, b, a] }))
  })

  it('of maps', () => {
    const items = [[1, 2], [3]]
    const kwargs = { task: task('add'), it: items }
    expect(starmap(add(), items).toJSON()).toEqual(task('celery.starmap', [], { kwargs, immutable: true }))
    const numbers = { task: task('add'), it: [1, 2] }
    expect(map(add(), [1, 2]).toJSON()).toEqual(task('celery.map', [], { kwargs: numbers, immutable: true }))
    const part = (it: unknown[]) =>
      task('celery.starmap', [], { kwargs: { task: task('add'), it }, immutable: true })
    expect(chunks(add(), items, 1).toJSON()).toEqual(
      composite('group', { tasks: [part([[1, 2]]), part([[3]])] }),
    )
    expect(() => chunks(add(), items, 0)).toThrow(/size/)
  })

  it('is read from what Python wrote', () => {
    const header = composite('group', { tasks: [task('add', [1])] }, { task_id: 'g', queue: 'q' })
    const body = composite('chain', { tasks: [task('sum'), task('add', [1])] })
    const read = signatureFrom(composite('chord', { kwargs: {}, header, body }, { task_id: 'g' }))
    expect(read.toJSON()).toEqual(
      composite('chain', {
        tasks: [
          composite(
            'chord',
            { kwargs: {}, header: [task('add', [1], { options: { queue: 'q' } })], body: task('sum') },
            { task_id: 'g' },
          ),
          task('add', [1]),
        ],
      }),
    )
    expect(signatureFrom({ task: 'add' } as SignatureData).toJSON()).toEqual(task('add'))
    expect(() => signatureFrom({ args: [] } as never)).toThrow(
      expect.objectContaining({ code: 'BAD_MESSAGE' }),
    )
  })
})

describe('a signature', () => {
  const { app, add, sum, note } = createTasksLater()

  it('never changes', () => {
    const first = add().signature([1])
    const before = JSON.stringify(first)
    first.set({ queue: 'q' }).link(note().signature()).linkError(note().signature()).immutable().clone([0])
    group(first).link(note().signature())
    chord([first], sum().signature()).linkError(note().signature())
    expect(JSON.stringify(first)).toBe(before)
  })

  it('takes partial arguments before its own, unless it is immutable', () => {
    expect(add().signature([2]).clone([1]).toJSON().args).toEqual([1, 2])
    expect(add().si([2]).clone([1]).toJSON().args).toEqual([2])
    expect(add().signature([]).clone({ x: 1 }, { queue: 'q' }).toJSON()).toMatchObject({
      kwargs: { x: 1 },
      options: { queue: 'q' },
    })
  })

  it('has each link once, whatever its arguments are', () => {
    const done = app().signature('done', { args: [2n ** 70n, 1] })
    const { options } = add().signature([1]).link(done).link(done.clone()).linkError(done).toJSON()
    expect(options.link).toMatchObject([{ args: [2n ** 70n, 1] }])
    expect(options.link_error).toMatchObject([{ args: [2n ** 70n, 1] }])
  })

  it('has its links where Celery calls them', () => {
    const done = note().signature()
    const [a, b, total] = [add().signature([1]), add().signature([2]), sum().signature()]
    const linked = { link: [task('note')] }
    const failing = { link_error: [task('note')] }
    expect(chain(a, b).link(done).toJSON().kwargs.tasks).toMatchObject([{ options: {} }, { options: linked }])
    expect(chain(a, b).linkError(done).linkError(done).toJSON().kwargs.tasks).toMatchObject([
      { options: failing },
      { options: failing },
    ])
    expect(group(a, b).link(done).toJSON().kwargs.tasks).toMatchObject([
      { options: { link: [{ task: 'note', immutable: true }] } },
      { options: {} },
    ])
    expect(chain(total, group(a, b)).link(done).toJSON().kwargs.tasks).toMatchObject([
      { options: {} },
      { kwargs: { tasks: [{ options: linked }, { options: linked }] } },
    ])
    expect(group(a, b).linkError(done).toJSON().kwargs.tasks).toMatchObject([
      { options: failing },
      { options: failing },
    ])
    const inner = chord([a], total)
    const { header, body } = chord([inner, b], total).link(done).linkError(done).toJSON().kwargs
    expect(body).toMatchObject({ options: { ...linked, ...failing } })
    expect(header).toMatchObject([{ kwargs: { body: { options: failing } } }, { options: {} }])
  })

  it('counts for a chord what hands in parts', () => {
    const [a, total] = [add().signature([1]), sum().signature()]
    const size = (canvas: { toJSON(): SignatureData }) => chordSize(canvas.toJSON())
    expect(size(a)).toBe(1)
    expect(size(chain(a, a, a))).toBe(1)
    expect(size(chain(a, group(a, a, a)))).toBe(3)
    expect(size(group(a, chain(a, group(a, a))))).toBe(3)
    expect(size(chord([a, a, a], total))).toBe(1)
    expect(size(chord([a, a], group(total, total)))).toBe(2)
  })
})

/** Tasks belong to a test: these are made when it first asks. */
function createTasksLater() {
  const tasks = () => createTasks()
  return {
    app: () => tasks().app,
    add: () => tasks().add,
    sum: () => tasks().sum,
    note: () => tasks().note,
  }
}
