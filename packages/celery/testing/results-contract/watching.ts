import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { eventually, failure, metaOf, recorder, type Stage } from './suite.ts'

export function watching({ openStore }: Stage): void {
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
