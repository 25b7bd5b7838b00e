import { setTimeout as delay } from 'node:timers/promises'
import { type Queryable, sql } from '@colophon/postgres'
import { patience as patienceOf } from '../../services/orders/src/process/next-steps.ts'
import { wrongInStock } from './wrong-copies.ts'

/** Milliseconds between two looks, and between two lines that tell of them. */
const [pause, silence] = [500, 10_000]

/** Something about which something is still to be done. */
export interface Unfinished {
  what: 'order' | 'message' | 'mail' | 'book' | 'webhook' | 'database'
  id: string
  /** How it stands, and when somebody sees to it. */
  state: string
}

export interface RestOptions {
  /** Milliseconds. */
  patience: number
  /** Whether orders are due to the sweeper after a quarter of the time. */
  hurries: boolean
  /** Ends the wait, which throws. */
  signal?: AbortSignal | undefined
  tell(line: string): void
}

/**
 * Until nothing is to be done any more, or the patience is over. @returns what is left then, which is a fault
 */
export async function comeToRest(
  database: Queryable,
  { patience, hurries, signal, tell }: RestOptions,
): Promise<Unfinished[]> {
  const deadline = Date.now() + patience
  let said = Date.now()
  for (;;) {
    // PostgreSQL may be coming back yet.
    const left = await look(database, hurries).catch(silent)
    if (left.length === 0 || Date.now() >= deadline) return left
    if (Date.now() - said > silence) {
      said = Date.now()
      tell(`not at rest: ${counted(left)}`)
    }
    await delay(pause, undefined, { signal })
  }
}

async function look(database: Queryable, hurries: boolean): Promise<Unfinished[]> {
  if (hurries) await hurry(database)
  return unfinished(database)
}

/** Milliseconds that are left when a quarter of the sweeper's patience is over, by nudges. */
const hurried = Array.from({ length: 20 }, (_, nudges) => 0.75 * patienceOf(nudges))

/**
 * Has the sweeper see to an order when a quarter of its wait is over: beside settings.ts and the broker's
 * URL, all that the trial changes in the shop. An order that is due later than it should be is waited for.
 */
async function hurry(database: Queryable): Promise<void> {
  await database.query(sql`
    update orders.orders set due_at = now()
    where due_at > now() and due_at <= now() + interval '1 millisecond'
      * (${hurried}::float8[])[1 + least(nudges, ${hurried.length - 1}::int)]`)
}

function silent(error: Error): Unfinished[] {
  return [{ what: 'database', id: '', state: error.message }]
}

/** Such as `2 orders, 1 mail`. */
export function counted(left: readonly Unfinished[]): string {
  const kinds = Object.entries(Object.groupBy(left, ({ what }) => what))
  return kinds.map(([what, { length }]) => `${length} ${what}${length === 1 ? '' : 's'}`).join(', ')
}

/**
 * Orders, messages, mails, books and webhooks about which something is still to be done. What waits behind a
 * parked message is not waited for, and what a killed worker had in its hands another does some twenty
 * seconds later.
 */
export function unfinished(database: Queryable): Promise<Unfinished[]> {
  return database.query(sql`
    select 'order' as what, id::text, concat_ws(' ', status, 'due', due_at, 'nudged', nudges) as state
      from orders.orders where due_at is not null
    union all
    select 'message', id::text, concat_ws(' ', topic, state, error)
      from orders.outbox where state in ('ready', 'retry')
    union all
    select 'mail', concat_ws(' ', order_id, seq), concat_ws(' ', 'wanted', wanted_at, 'due', due_at)
      from orders.mails where sent_at is null and due_at is not null
    union all
    select 'book', id::text, concat_ws(' ', 'in stock', in_stock, 'available', available)
      from (${wrongInStock}) as books
    union all
    select 'webhook', id::text, concat_ws(' ', 'tried', attempts, 'times, due', due_at)
      from payments_sandbox.webhooks`)
}
