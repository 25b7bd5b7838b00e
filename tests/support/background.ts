import { createMemoryBroker, createMemoryResults, type WorkerTracer } from '@colophon/celery'
import { createPaymentsSandbox, type PaymentsSandbox } from '@colophon/payments-sandbox'
import { type Database, sql } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import type { Shop, ShopOptions } from '../../apps/colophon/src/shop.ts'
import { ordersRelay, workerPart } from '../../apps/colophon/src/tasks/parts.ts'
import { createPublisher, taskIdOf } from '../../apps/colophon/src/tasks/publish.ts'

/** What is done behind an answer, in this process: a real relay and worker, and the payments sandbox over HTTP. */
export interface Background {
  /** What the shop is to be made with. */
  shopOptions: ShopOptions
  /** Publishes what is in the outbox and has the tasks done, until nothing is left to be done. */
  settle(shop: Shop): Promise<void>
  stop(): Promise<void>
}

interface Running {
  settle(): Promise<void>
  stop(): Promise<void>
}

/** Starts nothing before the first `settle`, since most tests need none of it. */
export function createBackground(database: Database, logger: Logger): Background {
  let sandbox: PaymentsSandbox | undefined
  let running: Promise<Running> | undefined

  async function start(shop: Shop): Promise<Running> {
    sandbox = await createPaymentsSandbox({ database, logger, version: '0.0.0', lateMs: 100, hangMs: 100 })
    await sandbox.start()
    return runTasks(shop, database, logger)
  }

  return {
    shopOptions: {
      sandboxUrl: () => sandbox?.address() ?? '',
      taskPlaces: { broker: createMemoryBroker(), results: createMemoryResults() },
    },
    async settle(shop) {
      running ??= start(shop)
      await (await running).settle()
    },
    async stop() {
      await (await running)?.stop()
      await sandbox?.stop()
    },
  }
}

async function runTasks(shop: Shop, database: Database, logger: Logger): Promise<Running> {
  const underWay = createCount()
  const publish = createPublisher(shop.tasks, 'orders')
  const relay = ordersRelay(shop.tasks, database, logger, async (row) => {
    underWay.add(taskIdOf('orders', row))
    await publish(row)
  })
  const tracer: WorkerTracer = {
    begin:
      ({ message }) =>
      ({ state }) => {
        // One that is to be tried again has not ended.
        if (state !== 'RETRY') underWay.remove(message.headers.id)
      },
  }
  const worker = workerPart(shop.tasks, { concurrency: 4, control: false, tracer })
  await worker.start()
  return {
    async settle() {
      do {
        await relay.settle()
        await underWay.none()
      } while (await isAnythingLeft(database))
    },
    async stop() {
      await worker.stop()
      await relay.stop()
    },
  }
}

async function isAnythingLeft(database: Database): Promise<boolean> {
  const rows = await database.query(sql`select from orders.outbox where state in ('ready', 'retry') limit 1`)
  return rows.length > 0
}

/** Ids, and a wait until there are none. */
function createCount() {
  const ids = new Set<string>()
  let empty = Promise.withResolvers<void>()
  return {
    add(id: string) {
      if (ids.size === 0) empty = Promise.withResolvers()
      ids.add(id)
    },
    remove(id: string) {
      ids.delete(id)
      if (ids.size === 0) empty.resolve()
    },
    async none() {
      if (ids.size > 0) await empty.promise
    },
  }
}
