import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ChordPart, ResultStore } from '../../src/results/port.ts'
import { partOf, type Stage, values } from './suite.ts'

export function chords({ openStore }: Stage): void {
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

  test('a part of a chord that is published anew counts when it comes before the size', async () => {
    const store = await openStore()
    const id = randomUUID()
    const [first, last] = [partOf(0), partOf(1)]
    for (let run = 0; run < 2; run++) {
      // Python sends all tasks but the last before it says the size.
      expect(await store.addChordPart(id, first)).toBeUndefined()
      await store.setChordSize(id, 2)
      expect(await store.addChordPart(id, last)).toEqual([first, last])
      await store.forgetChord(id)
    }
  })

  test('who is told that a chord is whole is told all of it, also while others forget it', async () => {
    const stores = [await openStore(), await openStore()]
    const parts = [partOf(0), partOf(1)] as const
    for (let round = 0; round < 50; round++) {
      const id = randomUUID()
      const [first] = stores
      await first?.setChordSize(id, 2)
      await first?.addChordPart(id, parts[0])
      // A part whose worker was thought lost is handed in by several, and each completes the chord.
      const complete = async (store: ResultStore) => {
        const told = await store.addChordPart(id, parts[1])
        if (told !== undefined) await store.forgetChord(id)
        return told
      }
      const answers = await Promise.all([...stores, ...stores, ...stores].map(complete))
      expect(answers.some((told) => told !== undefined)).toBe(true)
      for (const told of answers) if (told !== undefined) expect(told).toEqual(parts)
    }
  })
}
