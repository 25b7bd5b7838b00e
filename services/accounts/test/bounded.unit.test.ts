import { describe, expect, it } from 'vitest'
import { createBounded } from '../src/passwords/bounded.ts'

describe('bounded work', () => {
  it('runs so many at once, lets so many wait in order, and refuses the rest', async () => {
    const bounded = createBounded({ concurrency: 2, waiting: 2, refusal: () => new Error('busy') })
    const started: number[] = []
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<number>())
    const runs = gates.map((gate, index) =>
      bounded(() => {
        started.push(index)
        return gate.promise
      }),
    )
    await expect(runs[4]).rejects.toThrow('busy')
    expect(started).toEqual([0, 1])
    gates[1]?.resolve(1)
    await runs[1]
    await Promise.resolve()
    expect(started).toEqual([0, 1, 2])
    gates[0]?.reject(new Error('failed'))
    await expect(runs[0]).rejects.toThrow('failed')
    gates[2]?.resolve(2)
    gates[3]?.resolve(3)
    expect(await Promise.all([runs[2], runs[3]])).toEqual([2, 3])
    expect(started).toEqual([0, 1, 2, 3])
  })
})
