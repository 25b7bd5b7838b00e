import { describe, expect, it } from 'vitest'
import { applySignature } from '../../src/canvas/apply.ts'
import { makeChord, makeGroup, makeTask } from '../../src/canvas/data.ts'
import { readResultTuple } from '../../src/protocol/result-tuple.ts'
import { leafIds } from '../../src/results/tree.ts'
import { createTasks, startWorker } from './support/tasks.ts'

const timeout = 5

function chunksOf(pairs: number[][], options = {}) {
  const data = makeTask('celery.chunks', [], { task: makeTask('add'), it: pairs, n: 2 }, options)
  return { ...data, immutable: true }
}

describe('what follows a body that is a group', () => {
  it('waits for all of it, though Python says that its members belong to the group of the header', async () => {
    const { app } = createTasks()
    await startWorker(app)
    const members = [3, 4].map((number, index) =>
      makeTask('sum', [number], {}, { task_id: `m${index}`, group_id: 'header', group_index: index }),
    )
    const next = makeTask('echo', ['then'], {}, { task_id: 'next' })
    const body = makeGroup(members, { task_id: 'body', group_id: 'header', chain: [next] })
    await applySignature(app, body, [[1, 2]])
    expect(await app.result('next').get({ timeout })).toEqual([[6, 7], 'then'])
  })
})

describe('chunks that have an id', () => {
  const pairs = [
    [1, 1],
    [2, 2],
    [3, 3],
  ]
  const frozen = chunksOf(pairs, { task_id: 'chunks' })

  it.each([
    ['at the end of a chain', makeTask('add', [1], {}, { task_id: 'first', chain: [frozen] })],
    ['as the body of a chord', makeChord([makeTask('add', [1])], frozen)],
    ['as a member of a group', makeGroup([makeTask('add', [1]), frozen])],
  ])('%s give where their results are', async (_, canvas) => {
    const { app } = createTasks()
    await startWorker(app)
    await applySignature(app, canvas)
    const tuple = await app.result('chunks').get({ timeout })
    const ids = leafIds(readResultTuple(tuple))
    const results = await Promise.all(ids.map((id) => app.result(id).get({ timeout })))
    expect(results).toEqual([[2, 4], [6]])
  })

  it('are one part of the chord whose header they are in', async () => {
    const { app } = createTasks()
    await startWorker(app)
    const body = makeTask('echo', [], {}, { task_id: 'body' })
    await applySignature(app, makeChord([frozen, makeTask('add', [1])], body))
    const id = [expect.any(String), null]
    expect(await app.result('body').get({ timeout })).toEqual([
      [
        id,
        [
          [id, null],
          [id, null],
        ],
      ],
      1,
    ])
  })

  it('give their results to what follows them', async () => {
    const { app } = createTasks()
    await startWorker(app)
    const next = makeTask('sum', [], {}, { task_id: 'next' })
    await applySignature(app, makeTask('add', [1], {}, { task_id: 'first', chain: [next, frozen] }))
    expect(await app.result('next').get({ timeout })).toBe(12)
  })
})
