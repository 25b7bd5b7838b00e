import type { Money } from '@colophon/catalog'
import type { Celery, TaskContext } from '@colophon/celery'
import { type Database, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../../src/deps.ts'
import { taskTopic } from '../../src/process/steps.ts'
import { priceTopic } from '../../src/stock/goods-in/prices.ts'

/** Does in this process, one after the other, what the outbox holds: as relay and worker would, without either. */
export interface TaskRunner {
  /** Runs all there is to do, and what that leads to. @returns errors of tasks that went on failing */
  settle(): Promise<Error[]>
  /** Runs one task now. */
  run(name: string, kwargs?: Record<string, unknown>): Promise<void>
}

interface Row {
  id: number
  createdAt: string
  topic: string
  payload: { task: string; kwargs: Record<string, unknown> }
}

/** A task that failed this often is given up, as a worker would make a dead letter of it. */
const attempts = 5

export function createTaskRunner(database: Database, app: Celery, deps: OrdersDeps): TaskRunner {
  async function settle(): Promise<Error[]> {
    const errors: Error[] = []
    for (;;) {
      const rows = await database.query<Row>(sql`
        delete from orders.outbox where id in (select id from orders.outbox order by id limit 1)
        returning id, topic, payload, created_at as "createdAt"`)
      if (rows.length === 0) return errors
      for (const row of rows) {
        const error = await deliver(row).catch((thrown: Error) => thrown)
        if (error !== undefined) errors.push(error)
      }
    }
  }

  async function deliver({ id, topic, payload, createdAt }: Row): Promise<Error | undefined> {
    if (topic === priceTopic) {
      const change = payload as unknown as { bookId: string; price: Money; actor: string }
      await deps.catalog.setPrice({ ...change, sequence: id, saidAt: createdAt })
      return undefined
    }
    if (topic !== taskTopic) {
      const change = payload as unknown as { bookId: string; inStock: boolean }
      await deps.catalog.followStock({ ...change, sequence: id })
      return undefined
    }
    let failure: Error | undefined
    for (let attempt = 0; attempt < attempts; attempt++) {
      failure = await runTask(app, payload.task, payload.kwargs).catch((thrown: Error) => thrown)
      if (failure === undefined) return undefined
    }
    return failure
  }

  return { settle, run: async (name, kwargs = {}) => void (await runTask(app, name, kwargs)) }
}

async function runTask(app: Celery, name: string, kwargs: Record<string, unknown>) {
  const task = app.tasks.get(name)
  if (task === undefined) throw new Error(`there is no task ${name}`)
  const checked = await task.input?.['~standard'].validate(kwargs)
  if (checked?.issues) throw new Error(`${name}: ${checked.issues.map(({ message }) => message).join(', ')}`)
  await task.run(kwargs, context)
  return undefined
}

/** Of a first try: what it rejects is an error, as it would be a dead letter. */
const context = {
  retries: 0,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  reject({ reason = '' } = {}): never {
    throw new Error(reason)
  },
} as unknown as TaskContext
