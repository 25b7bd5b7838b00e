import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { copiesText } from '../rules/copies-text.ts'
import { statusByLines } from '../rules/fulfilment.ts'
import { formatMoney } from '../rules/money-text.ts'
import { putBack } from '../stock/order-stock.ts'
import { endWhenGivenBack } from './all-given-back.ts'
import { changeOnce } from './change-once.ts'
import { checkLines, type LineCopies, type LineRefusal } from './check-lines.ts'
import { moveOrder } from './move.ts'
import { type LineRow, type OrderRow, readLines } from './order-row.ts'
import { itemOf } from './refund-items.ts'
import { type RequestedRefund, requestShare } from './request-refund.ts'
import { requireState } from './require-order.ts'

/** Copies that came back. */
export interface Return {
  orderId: string
  lines: readonly ReturnedCopies[]
  /** Whether their share of the money is given back; it is when absent. */
  refund?: boolean | undefined
  /** An account's id. */
  actor: string
  idempotencyKey: string
}

export interface ReturnedCopies extends LineCopies {
  /** Whether they can be sold again. An e-book cannot, but staff may take one back. */
  restock: boolean
}

/**
 * Writes down that copies which were shipped came back; the shipping is not given back with them.
 * @throws Problem order_not_found, order_state, lines_invalid, idempotency_key_in_flight, idempotency_key_reused
 */
export function returnLines(deps: OrdersDeps, returned: Return): Promise<void> {
  const { lines, refund = true, actor } = returned
  const change = { ...returned, operation: 'return', request: { lines, refund } } as const
  return changeOnce(deps, change, async (tx, order) => {
    requireState(order, ['partly_shipped', 'shipped'], 'only what was shipped can come back')
    const back = checkLines(await readLines(tx, order.id), lines, refuseLine)
    const items = back.map(({ line, asked }) => itemOf(line, asked.quantity))
    await addReturned(tx, order, lines)
    const copies = back
      .filter(({ asked }) => asked.restock)
      .map(({ line, asked }) => ({ bookId: line.bookId, quantity: asked.quantity }))
    await putBack(tx, deps, order.id, copies, { reason: 'return', actor })
    const given = refund
      ? await requestShare(tx, deps, order, { items, reason: 'copies came back', actor })
      : null
    const id = await writeReturn(tx, deps, order, returned, given)
    await moveOrder(tx, deps, order, {
      to: statusByLines(await readLines(tx, order.id)),
      reason: reasonFor(order, lines, given),
      actor,
      mail: true,
    })
    await endWhenGivenBack(tx, deps, order)
    return id
  })
}

function refuseLine(line: LineRow, { quantity, restock }: ReturnedCopies): LineRefusal | null {
  const out = line.shipped - line.returned
  if (quantity > out) {
    return { field: 'quantity', code: 'too_many', message: `${out} were shipped and are not back` }
  }
  if (!restock || line.tracked) return null
  return { field: 'restock', code: 'not_stocked', message: 'no copies of it are counted: say false' }
}

async function addReturned(tx: Queryable, order: OrderRow, lines: readonly ReturnedCopies[]): Promise<void> {
  await tx.query(sql`
    update orders.order_lines line set returned = returned + back.quantity
    from json_to_recordset(${JSON.stringify(lines)}::json) as back (position smallint, quantity int)
    where line.order_id = ${order.id} and line.position = back.position`)
}

async function writeReturn(
  tx: Queryable,
  { newId, now }: OrdersDeps,
  order: OrderRow,
  { lines, actor }: Return,
  refund: RequestedRefund | null,
): Promise<string> {
  const id = newId()
  await tx.query(sql`
    insert into orders.returns (id, order_id, lines, refund_id, actor, at)
    values (${id}, ${order.id}, ${JSON.stringify(lines)}, ${refund?.id ?? null}, ${actor}, ${now()})`)
  return id
}

function reasonFor(order: OrderRow, lines: readonly LineCopies[], refund: RequestedRefund | null): string {
  const count = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const money = refund === null ? '' : `, ${formatMoney(refund.amount, order.currency)} to be given back`
  return `${copiesText(count)} came back${money}`
}
