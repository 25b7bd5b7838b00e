import { type Database, lockKeys, type Queryable, type Sql, sql } from '@colophon/postgres'
import { continueTrace, withContext } from '@colophon/runtime'
import { readOrder } from '../../../services/orders/src/orders/read-order.ts'
import { placeOrder } from '../../../services/orders/src/placing/place-order.ts'
import { besideShop } from './beside-shop.ts'
import { bookId } from './books.ts'
import { sentOrder } from './sent-order.ts'

/** A statement as it went to PostgreSQL, with `$1` and so on for its values. */
export interface Statement {
  text: string
  values: readonly unknown[]
}

/** The one order that was placed to see what is sent for it. */
export const recorded = {
  orderId: '0198c0de-0000-7000-9000-00000000abcd',
  bookId: bookId(1),
  email: 'recorded-buyer@example.com',
  key: 'recorded-key',
  now: new Date('2026-01-01T12:00:00Z'),
}

/** The name of the advisory lock that is taken for its key, as the database is given it. */
export const [, recordedLock] = lockKeys(
  'orders idempotency',
  `order:guest:${recorded.email}\n${recorded.key}`,
)

/**
 * Places one order in a running shop and reads it, as its route does, and writes down the statements of that. The
 * NOTIFY behind it is left out: a process sends at most fifty a second, however many orders there are.
 */
export async function recordOrder(folder: string): Promise<Statement[]> {
  const statements: Statement[] = []
  await besideShop(
    folder,
    async ({ orders }, database) => {
      const { orderId, email, key, now } = recorded
      const deps = { ...orders.deps, newId: () => orderId, now: () => now }
      const input = sentOrder(recorded.bookId, email)
      // In a trace, as a request is: it goes into the outbox.
      const request = { requestId: key, traceparent: continueTrace(undefined) }
      await withContext(request, () => placeOrder(deps, { input, identity: null, idempotencyKey: key }))
      if (!(await readOrder(deps.database, orderId))) throw new Error('the recorded order is not there')
      await database.query(sql`update orders.orders set due_at = null where id = ${orderId}`)
    },
    (database) => recording(database, statements),
  )
  return statements.filter(({ text }) => !text.includes('pg_notify'))
}

function recording(database: Database, statements: Statement[]): Database {
  const note = ({ text, values }: Sql) => statements.push({ text, values })
  const noted = (db: Queryable): Queryable => ({
    query(statement, options) {
      note(statement)
      return db.query(statement, options)
    },
    one(statement, options) {
      note(statement)
      return db.one(statement, options)
    },
    maybeOne(statement, options) {
      note(statement)
      return db.maybeOne(statement, options)
    },
  })
  return {
    ...database,
    ...noted(database),
    async transaction(work, options) {
      statements.push({ text: 'begin', values: [] })
      const result = await database.transaction((tx) => work(noted(tx)), options)
      statements.push({ text: 'commit', values: [] })
      return result
    },
  }
}
