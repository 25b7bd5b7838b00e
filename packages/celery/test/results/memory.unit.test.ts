import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createMemoryResults } from '../../src/results/memory/index.ts'
import type { TaskMeta } from '../../src/results/port.ts'
import { resultsContract } from '../../testing/results-contract.ts'

resultsContract('memory', {
  create() {
    const url = `memory:${randomUUID()}`
    return { store: () => createMemoryResults(url), async drop() {} }
  },
})

const metaOf = (taskId: string): TaskMeta => ({
  task_id: taskId,
  status: 'SUCCESS',
  result: null,
  traceback: null,
  children: [],
  date_done: null,
})

test('stores share by name, until the last of them is closed', async () => {
  const name = `memory:${randomUUID()}`
  const [one, same, other] = [createMemoryResults(name), createMemoryResults(name), createMemoryResults()]
  await Promise.all([one.open(), same.open(), other.open()])
  await one.store(metaOf('a'))
  expect(await same.get(['a'])).toEqual([metaOf('a')])
  expect(await other.get(['a'])).toEqual([undefined])
  await one.close()
  expect(await same.get(['a'])).toEqual([metaOf('a')])
  await same.close()
  await one.open()
  expect(await one.get(['a'])).toEqual([undefined])
  await Promise.all([one.close(), other.close()])
})

test('the oldest go when there are too many, and each when its time is over', async () => {
  const store = createMemoryResults(`memory:${randomUUID()}`, { maxResults: 2 })
  await store.open()
  for (const id of ['a', 'b', 'c']) await store.store(metaOf(id))
  expect(await store.get(['a', 'b', 'c'])).toEqual([undefined, metaOf('b'), metaOf('c')])
  await store.close()

  const brief = createMemoryResults(`memory:${randomUUID()}`, { expires: 0 })
  await brief.open()
  await brief.store(metaOf('a'))
  expect(await brief.get(['a'])).toEqual([undefined])
  await brief.close()
})

test('a clock that is set meanwhile changes nothing of how long something is kept', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const store = createMemoryResults(`memory:${randomUUID()}`, { expires: 60 })
  await store.open()
  await store.store(metaOf('a'))
  vi.setSystemTime(Date.now() + 3_600_000)
  expect(await store.get(['a'])).toEqual([metaOf('a')])
  vi.advanceTimersByTime(60_000)
  vi.setSystemTime(Date.now() - 7_200_000)
  expect(await store.get(['a'])).toEqual([undefined])
  await store.close()
})

test('a URL of another kind is refused', () => {
  expect(() => createMemoryResults('redis://localhost')).toThrow(/memory:NAME/)
})
