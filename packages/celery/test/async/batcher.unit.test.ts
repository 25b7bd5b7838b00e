import { describe, expect, test } from 'vitest'
import { Batcher } from '../../src/async/batcher.ts'

function recorder(options: { maxItems?: number; maxBytes?: number; gatherTime?: number } = {}) {
  const batches: number[][] = []
  let running = 0
  const batcher = new Batcher<number>({
    maxItems: 100,
    gatherTime: 0,
    sizeOf: (item) => item,
    ...options,
    async flush(items) {
      expect(++running).toBe(1)
      batches.push(items)
      await new Promise(setImmediate)
      running--
    },
  })
  return { batches, batcher }
}

describe('a batcher', () => {
  test('gathers what comes in one turn, and what comes meanwhile', async () => {
    const { batches, batcher } = recorder()
    batcher.add(1)
    batcher.add(2)
    await new Promise(setImmediate)
    batcher.add(3)
    batcher.add(4)
    await batcher.drained()
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ])
    batcher.add(5)
    await batcher.drained()
    expect(batches.at(-1)).toEqual([5])
  })

  test('without a time waits for nothing but the code that adds', async () => {
    const batches: number[][] = []
    const batcher = new Batcher<number>({ maxItems: 9, flush: async (items) => void batches.push(items) })
    batcher.add(1)
    batcher.add(2)
    await Promise.resolve()
    expect(batches).toEqual([[1, 2]])
    batcher.add(3)
    batcher.remove((item) => item === 3)
    await batcher.drained()
    expect(batches).toEqual([[1, 2]])
  })

  test('waits for others where nobody waits for it, but not when it is drained', async () => {
    const { batches, batcher } = recorder({ gatherTime: 60_000 })
    batcher.add(1)
    await new Promise((resolve) => setTimeout(resolve, 5))
    batcher.add(2)
    await batcher.drained()
    batcher.add(3)
    await batcher.drained()
    expect(batches).toEqual([[1, 2], [3]])
  })

  test('keeps to its limits, though one item may be larger', async () => {
    const byCount = recorder({ maxItems: 2 })
    for (const item of [1, 2, 3, 4, 5]) byCount.batcher.add(item)
    await byCount.batcher.drained()
    expect(byCount.batches).toEqual([[1, 2], [3, 4], [5]])

    const bySize = recorder({ maxBytes: 10 })
    for (const item of [4, 6, 50, 1, 9, 1]) bySize.batcher.add(item)
    await bySize.batcher.drained()
    expect(bySize.batches).toEqual([[4, 6], [50], [1, 9], [1]])
  })
})
