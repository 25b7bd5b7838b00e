import { expect, onTestFinished, test, vi } from 'vitest'
import { InHand } from '../../src/worker/queueing/in-hand.ts'
import { TaskRequest } from '../../src/worker/task-request.ts'
import { createApp, handBroker, handDelivery, startWorker, task } from './support.ts'

test('what is in hand is found by its id, for as long as it is there', () => {
  const [first, second, other] = [{ id: 'a' }, { id: 'a' }, { id: 'b' }]
  const inHand = new InHand<{ id: string }>()
  for (const item of [first, second, other, first]) inHand.add(item)
  expect([...inHand]).toEqual([first, second, other])
  expect([...inHand.withId('a')]).toEqual([first, second])
  expect(inHand.delete(first)).toBe(true)
  expect(inHand.delete(first)).toBe(false)
  expect([...inHand.withId('a')]).toEqual([second])
  inHand.delete(second)
  expect([...inHand.withId('a')]).toEqual([])
  inHand.clear()
  expect([...inHand.withId('b')]).toEqual([])
})

test('of a message that comes again only those with its id are looked at, however many are in hand', async () => {
  const broker = handBroker()
  const app = createApp({ broker })
  task(app, 'late', () => new Promise(() => undefined), { ack: 'late' })
  const { surface } = await startWorker(app, { concurrency: 1, prefetchMultiplier: 0 })
  const ids = Array.from({ length: 500 }, (_, n) => `task-${n}`)
  for (const id of ids) broker.deliver(handDelivery({ task: 'late', id }))
  const looks = vi.spyOn(TaskRequest.prototype, 'id', 'get')
  onTestFinished(() => looks.mockRestore())
  for (const id of ids) broker.deliver(handDelivery({ task: 'late', id }, { redelivered: true }))
  expect(looks.mock.calls.length).toBeLessThanOrEqual(ids.length)
  expect(surface.active().length + surface.reserved().length).toBe(500)
})
