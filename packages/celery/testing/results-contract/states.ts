import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { failure, metaOf, type Stage, values } from './suite.ts'

export function states({ openStore }: Stage): void {
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
