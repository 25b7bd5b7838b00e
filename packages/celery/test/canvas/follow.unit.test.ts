import { describe, expect, it } from 'vitest'
import { runAsTask } from '../../src/app/current-task.ts'
import { addToChord } from '../../src/canvas/add-to-chord.ts'
import { afterFailure, afterSuccess } from '../../src/canvas/after-task.ts'
import { applySignature } from '../../src/canvas/apply.ts'
import { chain, chord, group } from '../../src/canvas/build.ts'
import { replaceTask } from '../../src/canvas/replace.ts'
import type { TaskMessage } from '../../src/protocol/message.ts'
import { createTasks, type Tasks } from './support/tasks.ts'

const exception = { exc_type: 'ValueError', exc_message: ['no'], exc_module: 'builtins' }

/** The message sent last of those of the task, taken out of what was sent. */
function take({ sent }: Tasks, task: string): TaskMessage {
  const index = sent.findIndex(({ headers }) => headers.task === task)
  const [message] = sent.splice(index, 1)
  if (index === -1 || !message) throw new Error(`no ${task} was sent`)
  return message
}

async function states(tasks: Tasks, ids: (string | undefined)[]): Promise<unknown[]> {
  const store = await tasks.app.store()
  const metas = await store.get(ids.map((id) => id ?? ''))
  return metas.map(
    (meta) => meta && [meta.status, (meta.result as typeof exception | null)?.exc_type ?? meta.result],
  )
}

describe('after a success', () => {
  it('what follows is sent before the result is kept, which has it for children', async () => {
    const tasks = createTasks()
    const { app, add, note } = tasks
    await chain(
      add.signature([1]).link(note.signature(['linked'])),
      add.signature([2]),
      add.signature([3]),
    ).send()
    const first = take(tasks, 'add')
    const current = { id: first.headers.id, rootId: first.headers.id, headers: first.headers, children: [] }
    let kept: unknown
    await runAsTask(current, () =>
      afterSuccess(app, first, 10, async () => {
        kept = structuredClone(current.children)
      }),
    )
    const callback = take(tasks, 'note')
    const next = take(tasks, 'add')
    expect(callback.args).toEqual([10, 'linked'])
    expect(next.args).toEqual([10, 2])
    expect(next.embed.chain).toMatchObject([{ task: 'add', args: [3] }])
    for (const { headers } of [callback, next]) {
      expect(headers).toMatchObject({ parent_id: first.headers.id, root_id: first.headers.id })
    }
    expect(kept).toEqual([
      [[callback.headers.id, null], null],
      [[next.headers.id, null], null],
    ])
  })

  it('run again after a crash, what was sent in a chain has the same ids', async () => {
    const tasks = createTasks()
    await chain(
      tasks.add.signature([1]),
      group(tasks.add.signature([2]), tasks.add.signature([3])),
      tasks.sum.signature(),
    ).send()
    const first = take(tasks, 'add')
    const crash = afterSuccess(tasks.app, first, 10, async () => {
      throw new Error('the worker dies')
    })
    await expect(crash).rejects.toThrow('the worker dies')
    const before = [take(tasks, 'add'), take(tasks, 'add')].map(({ headers }) => headers)
    await afterSuccess(tasks.app, first, 10, async () => {})
    const again = [take(tasks, 'add'), take(tasks, 'add')].map(({ headers }) => headers)
    expect(again.map(({ id, group: of }) => [id, of])).toEqual(before.map(({ id, group: of }) => [id, of]))
  })

  it('of a part of a chord handed in twice, the body is sent once more only until it is done', async () => {
    const tasks = createTasks()
    await chord([tasks.add.signature([1]), tasks.add.signature([2])], tasks.sum.signature()).send()
    const [one, two] = [take(tasks, 'add'), take(tasks, 'add')]
    const keep = async () => {}
    await afterSuccess(tasks.app, one, 1, keep)
    await afterSuccess(tasks.app, one, 1, keep)
    expect(tasks.sent).toEqual([])
    await afterSuccess(tasks.app, two, 2, keep)
    const body = take(tasks, 'sum')
    expect(body.args).toEqual([[1, 2]])
    expect(body.headers).toMatchObject({ parent_id: two.headers.id })
    await afterSuccess(tasks.app, two, 2, keep)
    expect(tasks.sent).toEqual([])
  })

  it('a body that cannot be sent fails instead of holding up everyone', async () => {
    const tasks = createTasks()
    const result = await chord([tasks.add.signature([1])], tasks.sum.signature()).send()
    const part = take(tasks, 'add')
    const body = { ...part.embed.chord, args: [Symbol('no JSON')] } as never
    await afterSuccess(tasks.app, { ...part, embed: { ...part.embed, chord: body } }, 1, async () => {})
    await expect(result.get({ timeout: 5 })).rejects.toMatchObject({
      type: 'ChordError',
      args: [expect.stringContaining('Callback error')],
    })
  })
})

describe('after a failure', () => {
  it('the rest of the chain fails like it, into chords and groups, and errbacks get its id', async () => {
    const tasks = createTasks()
    const { app, add, sum, note } = tasks
    const result = await chain(
      add.signature([1]).linkError(note.signature(['failed'])),
      add.signature([2]),
      chord([add.signature([3])], sum.signature()),
      group(add.signature([4]), add.signature([5])),
    ).send()
    const first = take(tasks, 'add')
    await afterFailure(app, first, { state: 'FAILURE', exception, traceback: 'where' })
    const ids = (result as unknown as { results: { id: string }[] }).results.map(({ id }) => id)
    const failed = ['FAILURE', 'ValueError']
    expect(await states(tasks, [...ids, result.parent?.id, result.parent?.parent?.parent?.id])).toEqual([
      failed,
      failed,
      failed,
      failed,
    ])
    const errback = take(tasks, 'note')
    expect(errback.args).toEqual([first.headers.id, 'failed'])
    expect(errback.headers).toMatchObject({ parent_id: first.headers.id })
  })

  it('of a task whose result nobody keeps, nothing is kept for the others', async () => {
    const tasks = createTasks()
    const first = tasks.add.signature([1]).set({ ignoreResult: true })
    const result = await chain(first, tasks.add.signature([2])).send()
    await afterFailure(tasks.app, take(tasks, 'add'), { state: 'FAILURE', exception, traceback: null })
    expect(await states(tasks, [result.id])).toEqual([undefined])
  })

  it.each([
    ['its task', {}, { ignoreResult: true }],
    ['the app', { ignoreResult: true }, {}],
  ])('the same when %s says so and a message from elsewhere does not', async (_, taskDefaults, options) => {
    const tasks = createTasks({ taskDefaults })
    const quiet = tasks.app.task({ name: 'quiet', ...options, run: () => 1 })
    const result = await chain(quiet.signature(), tasks.add.signature([2])).send()
    const { headers, ...rest } = take(tasks, 'quiet')
    const { ignore_result: _said, ...unsaid } = headers
    const failure = { state: 'FAILURE', exception, traceback: null } as const
    await afterFailure(tasks.app, { headers: unsaid, ...rest }, failure)
    expect(await states(tasks, [result.id])).toEqual([undefined])
  })

  it('of a header that is revoked, the body fails once all are done; nothing else follows', async () => {
    const tasks = createTasks()
    const { app, add, sum, note } = tasks
    const header = [add.signature([1]).linkError(note.signature(['member'])), add.signature([2])]
    const result = await chord(header, sum.signature().linkError(note.signature(['body']))).send()
    const [one, two] = [take(tasks, 'add'), take(tasks, 'add')]
    const revoked = { ...exception, exc_type: 'TaskRevokedError', exc_message: ['revoked'] }
    await afterFailure(app, one, { state: 'REVOKED', exception: revoked, traceback: null })
    expect(tasks.sent).toEqual([])
    await afterSuccess(app, two, 2, async () => {})
    const errback = take(tasks, 'note')
    expect(errback.args).toEqual([result.id, 'body'])
    expect((await result.children())[0]).toMatchObject({ results: [{ id: errback.headers.id }] })
    expect(tasks.sent).toEqual([])
    await expect(result.get({ timeout: 5 })).rejects.toMatchObject({
      args: [`Dependency ${one.headers.id} raised TaskRevokedError('revoked')`],
    })
  })

  it('of a header, each task of a body that is a group fails with what was raised', async () => {
    const tasks = createTasks()
    const { app, add, sum, note } = tasks
    const body = group(sum.signature(), sum.signature([1])).linkError(note.signature())
    const result = await chord([add.signature([1])], body).send()
    await afterFailure(app, take(tasks, 'add'), { state: 'FAILURE', exception, traceback: null })
    const ids = result.results.map(({ id }) => id)
    expect(await states(tasks, ids)).toEqual([
      ['FAILURE', 'ValueError'],
      ['FAILURE', 'ValueError'],
    ])
    expect(tasks.sent.map(({ args }) => args)).toEqual(ids.map((id) => [id]))
  })
})

describe('a task of a header', () => {
  it('may add to its chord', async () => {
    const tasks = createTasks()
    const { app, add, sum, echo } = tasks
    await chord([echo.signature(['a'])], sum.signature()).send()
    const part = take(tasks, 'echo')
    await addToChord(app, part, group(add.signature([1]), add.signature([2])).toJSON())
    const added = [take(tasks, 'add'), take(tasks, 'add')]
    const keep = async () => {}
    await afterSuccess(app, part, 'a', keep)
    await afterSuccess(app, added[1] as TaskMessage, 2, keep)
    expect(tasks.sent).toEqual([])
    await afterSuccess(app, added[0] as TaskMessage, 1, keep)
    expect((take(tasks, 'sum').args[0] as unknown[]).toSorted()).toEqual([1, 2, 'a'])
    await echo.send(['alone'])
    const alone = addToChord(app, take(tasks, 'echo'), add.signature([1]).toJSON())
    await expect(alone).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })
})

describe('what a task could not add to its chord', () => {
  it('is not waited for', async () => {
    const tasks = createTasks()
    const { app, add, sum, echo } = tasks
    await chord([echo.signature(['a'])], sum.signature()).send()
    const part = take(tasks, 'echo')
    await expect(
      addToChord(app, part, add.signature([1n as never, Symbol('x') as never]).toJSON()),
    ).rejects.toMatchObject({
      code: 'BAD_VALUE',
    })
    await afterSuccess(app, part, 'a', async () => {})
    expect(take(tasks, 'sum').args).toEqual([['a']])
  })
})

describe('a task that is replaced', () => {
  it('hands its id, its place in a chord and chain, and its links to what replaces it', async () => {
    const tasks = createTasks()
    const { app, add, sum, echo, note } = tasks
    const member = chain(echo.signature(['a']).link(note.signature()), add.signature([7]))
    await chord([member, add.signature([1])], sum.signature()).send()
    const replaced = take(tasks, 'echo')
    await replaceTask(app, replaced, chain(add.signature([1]), add.signature([2])).toJSON())
    const begun = tasks.sent.at(-1) as TaskMessage
    expect(begun.headers).toMatchObject({ task: 'add', replaced_task_nesting: 1 })
    const [rest, last] = begun.embed.chain ?? []
    expect(last).toMatchObject({
      task: 'add',
      args: [2],
      options: { task_id: replaced.headers.id, link: [{ task: 'note' }], replaced_task_nesting: 1 },
    })
    expect(rest).toMatchObject({ args: [7], options: { chord: { task: 'sum' }, replaced_task_nesting: 1 } })
  })

  it('by a group gives a list', async () => {
    const tasks = createTasks()
    const { app, add, echo } = tasks
    await echo.send(['a'])
    const replaced = take(tasks, 'echo')
    await replaceTask(app, replaced, group(add.signature([1])).toJSON())
    const { embed } = take(tasks, 'add')
    expect(embed.chord).toMatchObject({
      task: 'celery.accumulate',
      kwargs: { index: 0 },
      options: { task_id: replaced.headers.id },
    })
  })

  it('is not replaced by a chain without steps, or by a part of another chord', async () => {
    const tasks = createTasks()
    await tasks.echo.send(['a'])
    const message = take(tasks, 'echo')
    const refused = { code: 'BAD_OPTION' }
    await expect(replaceTask(tasks.app, message, chain().toJSON())).rejects.toMatchObject(refused)
    const part = tasks.add.signature([1]).toJSON()
    const chordPart = { ...part, options: { chord: part } }
    await expect(replaceTask(tasks.app, message, chordPart)).rejects.toMatchObject(refused)
  })
})

describe('a signature that is applied', () => {
  it('carries the stamps that it has to the message, and keeps them over those of the call', async () => {
    const tasks = createTasks()
    const data = tasks.add.signature([1]).toJSON()
    const options = { ...data.options, stamped_headers: ['visit'], visit: ['one'] }
    await applySignature(tasks.app, { ...data, options }, [], { options: { visit: ['two'], queue: 'q' } })
    expect(take(tasks, 'add').headers).toMatchObject({
      stamped_headers: ['visit'],
      stamps: { visit: ['one'] },
    })
  })

  it('delays the header of a chord, not its body', async () => {
    const tasks = createTasks()
    await chord([tasks.add.signature([1])], tasks.sum.signature()).send([], { countdown: 60, queue: 'q' })
    const { headers, embed } = take(tasks, 'add')
    expect(headers.eta).not.toBeNull()
    expect(embed.chord?.options).toMatchObject({ queue: 'q' })
    expect(embed.chord?.options.countdown).toBeUndefined()
  })

  it('that is too deep is refused', async () => {
    const tasks = createTasks()
    let data = tasks.add.signature([1]).toJSON()
    for (let depth = 0; depth < 300; depth++) {
      data = { ...data, task: 'celery.group', kwargs: { tasks: [data] }, subtask_type: 'group' }
    }
    await expect(applySignature(tasks.app, data)).rejects.toMatchObject({ code: 'BAD_VALUE' })
  })

  it('may be as long as it likes', async () => {
    const tasks = createTasks()
    const steps = Array.from({ length: 20_000 }, () => tasks.add.signature([1]))
    const current = { id: 'p', rootId: 'r', headers: {}, children: [] as unknown[] }
    const result = await runAsTask(current, () => chain(steps).send())
    let length = 0
    for (let step: typeof result.parent = result; step; step = step.parent) length += 1
    expect(length).toBe(20_000)
    await runAsTask(current, () => group(chain(steps)).send())
    expect(JSON.stringify(current.children).length).toBeLessThan(10_000)
  })

  it('within a task is its child: a task, the first step, a whole group, a header', async () => {
    const tasks = createTasks()
    const { add, sum } = tasks
    const current = { id: 'p', rootId: 'r', headers: {}, children: [] as unknown[] }
    await runAsTask(current, async () => {
      await chain(add.signature([1]), add.signature([2])).send()
      await group(add.signature([1]), chain(add.signature([1]), add.signature([2]))).send()
      await chord([add.signature([1])], sum.signature()).send()
    })
    const [step, members, header] = current.children
    const sent = tasks.sent.map(({ headers }) => headers.id)
    expect(step).toEqual([[sent[0], null], null])
    expect(members).toEqual([
      [expect.any(String), null],
      [[[sent[1], null], null], expect.anything()],
    ])
    expect(header).toEqual([[expect.any(String), null], [[[sent[3], null], null]]])
  })
})
