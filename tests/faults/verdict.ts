import { type Queryable, sql } from '@colophon/postgres'
import type { Acknowledged } from './buyers.ts'
import { comeToRest, counted, type RestOptions } from './rest.ts'
import { incompleteLines, stockDifferences, wrongInStock, wrongMovements } from './wrong-copies.ts'
import {
  gaps,
  missingCreditNotes,
  missingInvoices,
  undecidedCharges,
  wrongCharges,
  wrongMoney,
} from './wrong-money.ts'
import {
  forgottenMails,
  missingMails,
  notAsTold,
  stuck,
  wrongHistories,
  wrongOutcomes,
} from './wrong-orders.ts'

/** What was found once everything had come to rest. */
export interface Verdict {
  /** Orders by status. */
  statuses: Record<string, number>
  /** Minor units that the provider took, and gave back. */
  taken: number
  given: number
  /** What must not be: empty when nothing is lost, doubled, charged twice, stuck or miscounted. */
  faults: string[]
}

/**
 * Waits until all is at rest, and looks at it. What does not come to rest is a fault, whatever else it is.
 */
export async function judgeAtRest(
  database: Queryable,
  acknowledged: readonly Acknowledged[],
  options: RestOptions,
): Promise<Verdict> {
  const left = await comeToRest(database, options)
  const verdict = await judge(database, acknowledged)
  const what = `not at rest after ${options.patience / 1_000} s (${counted(left)})`
  return { ...verdict, faults: [...fault(what, left), ...verdict.faults] }
}

/** Looks at everything from outside: orders, ledger, holds, and what the provider itself has in its books. */
export async function judge(database: Queryable, acknowledged: readonly Acknowledged[]): Promise<Verdict> {
  const faults: string[] = []
  const look = async (what: string, rows: Promise<unknown[]>) => {
    faults.push(...fault(what, await rows))
  }
  await look(
    'acknowledged and lost, or twice; or there and acknowledged to nobody',
    notAsTold(database, acknowledged),
  )
  await look('stuck', stuck(database))
  await look(
    'something else than their token and their cancel make of them',
    wrongOutcomes(database, acknowledged),
  )
  await look('something else than their history says', wrongHistories(database))
  await look('holds that are left', database.query(sql`select * from orders.holds`))
  await look('stock that is not the sum of its ledger', stockDifferences(database))
  await look('copies out of nothing, or taken twice', wrongMovements(database))
  await look('lines with copies that are neither sold nor cancelled', incompleteLines(database))
  await look('charged twice, for no order, or something else than the total', wrongCharges(database))
  await look('charges that the provider has not decided', undecidedCharges(database))
  await look('money kept for what is not sold, or given back for what is', wrongMoney(database))
  await look('paid without an invoice', missingInvoices(database))
  await look('given back without a credit note', missingCreditNotes(database))
  await look('numbers of invoices that are missing', gaps(database))
  await look('messages that are left', database.query(sql`select id, topic, state, error from orders.outbox`))
  await look('news of which no mail tells', missingMails(database))
  await look('mails that were not sent, and that nobody sends any more', forgottenMails(database))
  await look('books whose inStock is not what there is', database.query(wrongInStock))
  return { ...(await sums(database)), faults }
}

async function sums(database: Queryable): Promise<Omit<Verdict, 'faults'>> {
  const statuses = await database.query<{ status: string; count: number }>(sql`
    select status, count(*) as count from orders.orders group by status order by status`)
  const money = await database.one<{ taken: number; given: number }>(sql`
    select (select coalesce(sum(amount), 0)::bigint from payments_sandbox.charges where status = 'charged') as taken,
      (select coalesce(sum(amount), 0)::bigint from payments_sandbox.refunds) as given`)
  return { statuses: Object.fromEntries(statuses.map(({ status, count }) => [status, count])), ...money }
}

/** A line for what must not be, with examples; none when there is nothing of it. */
export function fault(what: string, found: readonly unknown[]): string[] {
  if (found.length === 0) return []
  return [`${what}: ${found.length}, such as ${JSON.stringify(found.slice(0, 3))}`]
}
