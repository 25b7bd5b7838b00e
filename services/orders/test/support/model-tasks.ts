// What becomes of tasks in the model of model.property.test.ts.
import { sql } from '@colophon/postgres'
import fc from 'fast-check'
import { PaymentError } from '../../src/payments/port.ts'
import type { OrdersHarness } from '../harness.ts'
import { type Action, at, index, type Run, whichOrder } from './model-run.ts'

/** What a worker meets while it does a task. */
const mishaps = [
  'none',
  'none',
  'none',
  'call fails',
  'answer is lost',
  'task runs twice',
  'message is lost',
] as const

export const work = fc.record({ row: index, mishap: fc.constantFrom(...mishaps) }).map(({ row, mishap }) => ({
  name: `task ${row} is done (${mishap})`,
  run: ({ shop }: Run) => doTask(shop, row, mishap),
}))

async function doTask(shop: OrdersHarness, row: number, mishap: (typeof mishaps)[number]): Promise<void> {
  const waiting = await shop.test.database.query<{
    id: number
    task: string | null
    kwargs: Record<string, unknown>
  }>(sql`
    select id, payload->>'task' as task, payload->'kwargs' as kwargs from orders.outbox order by id`)
  if (waiting.length === 0) return
  const { id, task, kwargs } = at(waiting, row)
  const remove = () => shop.test.database.query(sql`delete from orders.outbox where id = ${id}`)
  if (task === null || mishap === 'message is lost') return void (await remove())
  const fail = () => {
    throw new PaymentError('unknown', 'no answer in time')
  }
  shop.payments.before = mishap === 'call fails' ? fail : () => {}
  shop.payments.after = mishap === 'answer is lost' ? fail : () => {}
  try {
    // It is tried again where it failed, as its message stays.
    if ((await isDone(shop.run(task, kwargs))) && mishap !== 'task runs twice') await remove()
  } finally {
    clearHooks(shop)
  }
}

/** Whether a task was done. @throws Error anything but a payment of which nothing is known, which is a mistake */
async function isDone(task: Promise<void>): Promise<boolean> {
  try {
    await task
    return true
  } catch (error) {
    if (error instanceof PaymentError) return false
    throw error
  }
}

function clearHooks({ payments }: OrdersHarness): void {
  payments.before = () => {}
  payments.after = () => {}
}

export const allWork: fc.Arbitrary<Action> = fc.constant({
  name: 'all tasks are done',
  async run({ shop }) {
    const mistake = (await shop.settle()).find((error) => !(error instanceof PaymentError))
    if (mistake !== undefined) throw mistake
  },
})

/** A step of an order, as a message that comes late or twice has it done, whatever the order is by then. */
export function stepOf(order: number, step: string): Action {
  return {
    name: `${step} order ${order}`,
    async run({ shop, orders }) {
      if (orders.length > 0) await isDone(shop.run(`orders.${step}`, { order_id: at(orders, order) }))
    },
  }
}

export const step = fc
  .record({ order: whichOrder, step: fc.constantFrom('charge', 'confirm', 'expire', 'settle', 'refund') })
  .map(({ order, step }) => stepOf(order, step))

/** A step of which the first call to the provider, or the answer to it, arrives when much else has happened. */
export function late(what: 'call' | 'answer', step: Action, others: readonly Action[]): Action {
  return {
    name: `late is the ${what} of ${step.name}, after ${others.map(({ name }) => name).join('; ')}`,
    async run(run) {
      const [called, arrives] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      run.shop.payments[what === 'call' ? 'before' : 'after'] = () => {
        clearHooks(run.shop)
        called.resolve()
        return arrives.promise
      }
      const done = step.run(run)
      await Promise.race([called.promise, done])
      clearHooks(run.shop)
      try {
        for (const other of others) await other.run(run)
      } finally {
        arrives.resolve()
        await done
      }
    },
  }
}
