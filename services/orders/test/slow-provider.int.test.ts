import { createCelery, createWorker } from '@colophon/celery'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PaymentProvider } from '../src/payments/port.ts'
import { ordersQueue, orderTasks, paymentsQueue } from '../src/tasks/index.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { place, read, settled } from './support/handling.ts'

let shop: OrdersHarness
const patience = { timeout: 5_000 }

beforeAll(async () => {
  shop = await startOrders()
})
afterAll(() => shop.stop())

it('a provider that answers nobody holds up neither holds that are over nor what is paid', async () => {
  const { promise: answer, resolve: release } = Promise.withResolvers<void>()
  let asked = 0
  const silent: PaymentProvider = {
    ...shop.orders.deps.payments,
    async charge(request) {
      asked++
      await answer
      return shop.payments.charge(request)
    },
  }
  const [overdue, behind] = [await place(shop, [{ quantity: 1 }]), await place(shop, [{ quantity: 1 }])]
  shop.clock.advance(16 * 60_000)
  const paid = await place(shop, [{ quantity: 1 }])
  await shop.run('orders.charge', { order_id: paid.id })

  const app = createCelery({ broker: 'memory:', results: 'memory:' })
  orderTasks(app, { ...shop.orders.deps, payments: silent })
  const workers = [paymentsQueue, ordersQueue].map((queue) =>
    createWorker(app, { queues: [queue], concurrency: 1 }),
  )
  const send = (task: string, { id }: { id: string }) => app.send(task, { kwargs: { order_id: id } })
  const stateOf = async ({ id }: { id: string }) => (await read(shop, id)).status
  try {
    const waiting = await place(shop, [{ quantity: 1 }])
    for (const order of [waiting, behind]) await send('orders.charge', order)
    await Promise.all(workers.map((worker) => worker.start()))
    await expect.poll(() => asked, patience).toBe(1)
    await send('orders.expire', overdue)
    await send('orders.confirm', paid)
    await expect.poll(() => stateOf(overdue), patience).toBe('expired')
    await expect.poll(() => stateOf(paid), patience).toBe('confirmed')
    expect([asked, await stateOf(waiting)]).toEqual([1, 'placed'])
    release()
    await expect.poll(() => stateOf(waiting), patience).toBe('paid')
  } finally {
    release()
    await Promise.all(workers.map((worker) => worker.stop()))
    await app.close()
  }
  await settled(shop)
})
