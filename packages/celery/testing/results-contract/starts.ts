import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Stage } from './suite.ts'

export function starts({ openStore }: Stage): void {
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

  test('that are asked for again with the same mark count once', async () => {
    const [store, other] = [await openStore(), await openStore()]
    const [id, mark] = [randomUUID(), randomUUID()]
    expect(await other.countStart(id)).toBe(0)
    expect(await store.countStart(id, mark)).toBe(1)
    expect(await store.countStart(id, mark)).toBe(1)
    expect(await other.countStart(id, randomUUID())).toBe(2)
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
