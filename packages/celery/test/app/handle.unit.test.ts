import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createCelery } from '../../src/create-celery.ts'
import { Result } from '../../src/results/handle.ts'
import { GroupResult } from '../../src/results/handle-group.ts'
import { createMemoryResults } from '../../src/results/memory/index.ts'
import type { ResultStore, TaskMeta, Watching } from '../../src/results/port.ts'

const timeout = 5

function createApp() {
  const store = createMemoryResults()
  const watch = vi.spyOn(store, 'watch')
  const app = createCelery({ broker: 'memory:', results: store })
  onTestFinished(() => app.close())
  return { app, store, watch }
}

function meta(task_id: string, status: string, result: unknown): TaskMeta {
  return { task_id, status, result, traceback: null, children: [], date_done: null }
}

const error = { exc_type: 'KeyError', exc_message: ['isbn'], exc_module: 'builtins' }

describe('a result', () => {
  it('is waited for, with what is told on the way', async () => {
    const { app, store } = createApp()
    const result = app.result('a')
    await store.open()
    expect(await result.state()).toBe('PENDING')
    expect(await result.info()).toBeUndefined()
    const told: unknown[] = []
    const progressed = Promise.withResolvers<void>()
    const getting = result.get({
      timeout,
      onProgress: (info, state) => {
        told.push([state, info])
        progressed.resolve()
      },
    })
    await store.store(meta('a', 'PROGRESS', { done: 1 }))
    await progressed.promise
    await store.store(meta('a', 'SUCCESS', 42))
    expect(await getting).toBe(42)
    expect(told).toEqual([['PROGRESS', { done: 1 }]])
    expect([await result.ready(), await result.successful(), await result.failed()]).toEqual([
      true,
      true,
      false,
    ])
    await result.forget()
    expect(await result.state()).toBe('PENDING')
  })

  it('rejects with what the task raised', async () => {
    const { app, store } = createApp()
    await store.open()
    await store.store({ ...meta('a', 'FAILURE', error), traceback: 'Traceback ...' })
    await store.store(meta('b', 'REVOKED', { ...error, exc_type: 'TaskRevokedError' }))
    await expect(app.result('a').get({ timeout })).rejects.toMatchObject({
      name: 'TaskError',
      type: 'KeyError',
      module: 'builtins',
      args: ['isbn'],
      traceback: 'Traceback ...',
    })
    await expect(app.result('b').get({ timeout })).rejects.toMatchObject({ type: 'TaskRevokedError' })
  })

  it('is waited for no longer than asked', async () => {
    const { app } = createApp()
    await expect(app.result('a').get({ timeout: 0.01 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    const controller = new AbortController()
    const getting = app.result('a').get({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(getting).rejects.toThrow('enough')
    await expect(app.result('a').get({ signal: controller.signal })).rejects.toThrow('enough')
    expect(app.watcher.size).toBe(0)
  })

  it('rejects with what onProgress throws, at once or later, and nobody else hears of it', async () => {
    const { app, store } = createApp()
    await store.open()
    await store.store(meta('a', 'STARTED', null))
    const told = Promise.withResolvers<void>()
    const others = app.result('a').get({ timeout, onProgress: () => told.resolve() })
    const thrown = new Error('no such bar')
    const failing = [
      () => {
        throw thrown
      },
      () => Promise.reject(thrown),
    ].map((onProgress) => expect(app.result('a').get({ timeout, onProgress })).rejects.toBe(thrown))
    await told.promise
    await store.store(meta('a', 'PROGRESS', 1))
    await Promise.all(failing)
    await store.store(meta('a', 'SUCCESS', 2))
    expect(await others).toBe(2)
    expect(app.watcher.size).toBe(0)
  })

  it('tells what the task sent', async () => {
    const { app, store } = createApp()
    await store.open()
    const children = [
      [['b', null], null],
      [['g', null], [[['c', null], null]]],
    ]
    await store.store({ ...meta('a', 'SUCCESS', 1), children })
    const [child, group] = await app.result('a').children()
    expect(child).toBeInstanceOf(Result)
    expect(child?.id).toBe('b')
    expect(group).toBeInstanceOf(GroupResult)
    expect((group as GroupResult).results.map(({ id }) => id)).toEqual(['c'])
  })

  it('is made again from its tuple, with all that it follows', () => {
    const { app } = createApp()
    const tuple = [['c', [['g', [['a', null], null]], [[['b', null], null]]]], null]
    const result = app.resultFrom(tuple)
    expect(result.parent).toBeInstanceOf(GroupResult)
    expect(result.parent?.parent?.id).toBe('a')
    expect(JSON.parse(JSON.stringify(result))).toEqual(tuple)
  })
})

describe('those who wait', () => {
  it('share one watch, whatever their number', async () => {
    const { app, store, watch } = createApp()
    await store.open()
    const ids = Array.from({ length: 500 }, (_, index) => `t${index}`)
    const getting = Promise.all([...ids, ...ids].map((id) => app.result(id).get({ timeout })))
    for (const id of ids) await store.store(meta(id, 'SUCCESS', id))
    expect(await getting).toEqual([...ids, ...ids])
    await app.result('t1').get({ timeout })
    expect(watch).toHaveBeenCalledTimes(1)
    expect(app.watcher.size).toBe(0)
  })

  it('let go of what they no longer wait for', async () => {
    const removed: string[] = []
    const { app, store, watch } = createApp()
    watch.mockImplementation(async (): Promise<Watching> => {
      return { add: async () => {}, remove: async (ids) => void removed.push(...ids), stop: async () => {} }
    })
    await store.open()
    await expect(app.result('a').get({ timeout: 0.01 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await vi.waitFor(() => expect(removed).toEqual(['a']))
  })

  it('hear of a store that cannot be watched, and can try again', async () => {
    const { app, store, watch } = createApp()
    await store.open()
    watch.mockRejectedValueOnce(new Error('no connection'))
    await expect(app.result('a').get({ timeout })).rejects.toThrow('no connection')
    await store.store(meta('a', 'SUCCESS', 1))
    expect(await app.result('a').get({ timeout })).toBe(1)
  })

  it('go on when the watch takes no further ones, and those can try again', async () => {
    const { app, store, watch } = createApp()
    await store.open()
    const watched = new Set<string>()
    const told = Promise.withResolvers<(meta: TaskMeta) => void>()
    let isFull = true
    watch.mockImplementation(async (ids, onMeta): Promise<Watching> => {
      for (const id of ids) watched.add(id)
      told.resolve(onMeta)
      return {
        async add(more) {
          for (const id of more) watched.add(id)
          if (isFull) throw new Error('too many')
        },
        remove: async (gone) => gone.forEach((id) => void watched.delete(id)),
        stop: async () => {},
      }
    })
    const first = app.result('a').get({ timeout })
    const tell = await told.promise
    await expect(app.result('b').get({ timeout })).rejects.toThrow('too many')
    expect([...watched]).toEqual(['a'])
    isFull = false
    const second = app.result('b').get({ timeout })
    await vi.waitFor(() => expect([...watched]).toEqual(['a', 'b']))
    for (const id of watched) tell(meta(id, 'SUCCESS', id))
    expect(await Promise.all([first, second])).toEqual(['a', 'b'])
    expect(watch).toHaveBeenCalledTimes(1)
  })

  it('are refused when there are too many, and leave nothing behind', async () => {
    const { app, watch } = createApp()
    watch.mockResolvedValue({ add: async () => {}, remove: async () => {}, stop: async () => {} })
    const listener = { onMeta: () => {}, onError: () => {} }
    const ends = Array.from({ length: 99_999 }, (_, index) => app.watcher.listen(`w${index}`, listener))
    const group = new GroupResult(
      app,
      'g',
      ['a', 'b'].map((id) => app.result(id)),
    )
    for await (const { id, error: why } of group) {
      expect([id, why]).toEqual(['b', expect.objectContaining({ code: 'UNSUPPORTED' })])
      break
    }
    await vi.waitFor(() => expect(app.watcher.size).toBe(99_999))
    await expect(group.get({ timeout })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await vi.waitFor(() => expect(app.watcher.size).toBe(99_999))
    for (const end of ends) end()
    expect(app.watcher.size).toBe(0)
  })

  it('for a group end with the first failure, or go on with each', async () => {
    const { app, store } = createApp()
    await store.open()
    const group = new GroupResult(
      app,
      'g',
      ['a', 'b', 'c'].map((id) => app.result(id)),
    )
    const getting = group.get({ timeout })
    await store.store(meta('b', 'FAILURE', error))
    await expect(getting).rejects.toMatchObject({ type: 'KeyError' })
    const seen: unknown[] = []
    const iterating = (async () => {
      for await (const item of group) seen.push([item.index, item.id, item.error?.message ?? item.value])
    })()
    await vi.waitFor(() => expect(seen).toEqual([[1, 'b', 'isbn']]))
    await store.store(meta('c', 'SUCCESS', 3))
    await vi.waitFor(() => expect(seen.at(-1)).toEqual([2, 'c', 3]))
    await store.store(meta('a', 'SUCCESS', 1))
    await iterating
    expect(seen.at(-1)).toEqual([0, 'a', 1])
    expect(app.watcher.size).toBe(0)
  })

  it('for a group stop when nobody asks for more', async () => {
    const { app, store } = createApp()
    await store.open()
    await store.store(meta('a', 'SUCCESS', 1))
    const group = new GroupResult(
      app,
      'g',
      ['a', 'b'].map((id) => app.result(id)),
    )
    for await (const { id } of group) {
      expect(id).toBe('a')
      break
    }
    await vi.waitFor(() => expect(app.watcher.size).toBe(0))
  })
})

it('a store that was opened by the app is closed with it', async () => {
  const store: ResultStore = createMemoryResults()
  const close = vi.spyOn(store, 'close')
  const app = createCelery({ broker: 'memory:', results: store })
  await app.result('a').state()
  await app.close()
  expect(close).toHaveBeenCalledTimes(1)
})
