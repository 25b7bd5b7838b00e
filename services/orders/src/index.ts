import { randomUUIDv7 } from 'node:crypto'
import type { Celery } from '@colophon/celery'
import type { ProblemTable, RoutePlugin } from '@colophon/http'
import { createOutbox } from '@colophon/postgres'
import type { Part } from '@colophon/runtime'
import type { OrdersDeps } from './deps.ts'
import { ordersProblems } from './problems.ts'
import { defineReportTasks } from './reports/index.ts'
import { ordersRoutes } from './routes/index.ts'
import { orderTasks } from './tasks/index.ts'

export { ordersSettings } from './config.ts'
export * from './dead-letters/index.ts'
export { createMailer } from './mail/mailer.ts'
export { type Mail, type Mailer, mailsAtOnce } from './mail/port.ts'
export { createHttpPayments } from './payments/http-provider.ts'
export type { PaymentProvider } from './payments/port.ts'
export { countOverdue } from './process/count-overdue.ts'
export { countOverdueMails } from './process/count-overdue-mails.ts'
export { countRefusedRefunds } from './process/refused-refunds.ts'
export { taskTopic } from './process/steps.ts'
export * from './reports/index.ts'
export { priceTopic } from './stock/goods-in/prices.ts'
export * from './stock/index.ts'
export { availabilityTopic } from './stock/movements.ts'
export { countedBooks, receiveSample, removeSampleCopies } from './stock/sample-stock.ts'
export { mailsQueue, ordersQueue, paymentsQueue } from './tasks/index.ts'

/** What is given to the service; the rest of what it works with it makes. */
export interface OrdersOptions
  extends Omit<OrdersDeps, 'holdMs' | 'outbox' | 'now' | 'newId'>,
    Partial<Pick<OrdersDeps, 'now' | 'newId'>> {
  /** How long copies are held for an order that is not paid, in minutes. */
  holdMinutes: number
}

/** Stock, orders and payments as a service. */
export interface Orders extends Part {
  routes: RoutePlugin
  problems: ProblemTable
  /** To be applied, by `migrate` of @colophon/postgres, before the start. */
  migrations: typeof ordersMigrations
  deps: OrdersDeps
  /** Defines what is done behind an answer on the app whose workers are to do it. */
  defineTasks(app: Celery): void
}

/** Where the migrations of orders are, and the schema they make. */
export const ordersMigrations = { schema: 'orders', folder: new URL('./migrations/', import.meta.url) }

export function createOrders({ holdMinutes, ...options }: OrdersOptions): Orders {
  const { database, logger } = options
  const deps: OrdersDeps = {
    ...options,
    holdMs: holdMinutes * 60_000,
    outbox: createOutbox({ database, schema: ordersMigrations.schema, log: logger }),
    now: options.now ?? (() => new Date()),
    newId: options.newId ?? randomUUIDv7,
  }
  return {
    name: 'orders',
    routes: (app) => ordersRoutes(app, deps),
    problems: ordersProblems,
    migrations: ordersMigrations,
    deps,
    defineTasks(app) {
      orderTasks(app, deps)
      defineReportTasks(app, deps)
    },
    async stop() {
      await Promise.all([deps.payments.close(), deps.mailer.close()])
    },
  }
}
