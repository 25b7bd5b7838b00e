import { expect, it } from 'vitest'
import { createMemorySchedules } from '../../src/beat/memory-store.ts'
import { retention } from '../../src/beat/store.ts'
import { scheduleContract } from '../../testing/schedule-contract.ts'

scheduleContract('memory', async () => {
  const store = createMemorySchedules()
  return { store: () => store, async drop() {} }
})

it('forgets entries that no scheduler has had for a week', async () => {
  let now = new Date('2026-01-01T00:00Z')
  const store = createMemorySchedules(() => now)
  const texts = (names: string[]) => names.map((name) => ({ name, task: 't', schedule: 's', broker: 'b' }))
  await store.register(texts(['kept', 'removed']))
  now = new Date(now.getTime() + retention * 1000)
  await store.register(texts(['kept']))
  expect((await store.read()).entries.map(({ name }) => name)).toEqual(['kept', 'removed'])
  now = new Date(now.getTime() + 1)
  await store.register(texts(['kept']))
  expect((await store.read()).entries.map(({ name }) => name)).toEqual(['kept'])
})
