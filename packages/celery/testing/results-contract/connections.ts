import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ChordPart } from '../../src/results/port.ts'
import { eventually, metaOf, partOf, recorder, type Stage } from './suite.ts'

export function connections({ openStore, breakConnections }: Stage): void {
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
