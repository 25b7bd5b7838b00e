import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import { copiesText } from '../rules/copies-text.ts'
import { statusByLines } from '../rules/fulfilment.ts'
import { changeOnce } from './change-once.ts'
import { checkLines, type LineCopies, type LineRefusal } from './check-lines.ts'
import { moveOrder } from './move.ts'
import { type LineRow, type OrderRow, readLines } from './order-row.ts'
import { requireState } from './require-order.ts'
import { openStatuses } from './states.ts'

/** A parcel. */
export interface Shipping {
  orderId: string
  /** All that is there for the order when absent. */
  lines?: readonly LineCopies[] | undefined
  carrier?: string | null | undefined
  tracking?: string | null | undefined
  /** An account's id. */
  actor: string
  idempotencyKey: string
}

/**
 * Writes down that copies which are there for an order were sent.
 * @throws Problem order_not_found, order_state, lines_invalid, copies_missing, idempotency_key_in_flight,
 *   idempotency_key_reused
 */
export function shipOrder(deps: OrdersDeps, shipping: Shipping): Promise<void> {
  const { lines = null, carrier = null, tracking = null } = shipping
  const request = { lines, carrier, tracking }
  return changeOnce(deps, { ...shipping, operation: 'ship', request }, async (tx, order) => {
    requireState(order, openStatuses, 'only what is confirmed and not shipped yet is shipped')
    const parcel = parcelOf(await readLines(tx, order.id), lines)
    const id = await writeShipment(tx, deps, order, shipping, parcel)
    await addShipped(tx, order, parcel)
    await moveOrder(tx, deps, order, {
      to: statusByLines(await readLines(tx, order.id)),
      reason: reasonFor(parcel, carrier, tracking),
      actor: shipping.actor,
      mail: true,
    })
    return id
  })
}

function parcelOf(lines: readonly LineRow[], asked: readonly LineCopies[] | null): LineCopies[] {
  if (asked !== null) {
    checkLines(lines, asked, refuseLine)
    return asked.map(({ position, quantity }) => ({ position, quantity }))
  }
  const ready = lines.map((line) => ({ position: line.position, quantity: readyOf(line) }))
  const parcel = ready.filter(({ quantity }) => quantity > 0)
  if (parcel.length > 0) return parcel
  const waiting = lines.reduce((sum, line) => sum + waitingOf(line), 0)
  throw ordersProblem('copies_missing', `nothing can be shipped: ${copiesText(waiting)} wait for stock`)
}

function refuseLine(line: LineRow, { quantity }: LineCopies): LineRefusal | null {
  if (quantity <= readyOf(line)) return null
  const waiting = waitingOf(line)
  const message = `${readyOf(line)} can be shipped${waiting === 0 ? '' : `, and ${waiting} wait for stock`}`
  const isLater = quantity <= readyOf(line) + waiting
  return { field: 'quantity', code: isLater ? 'copies_missing' : 'too_many', message }
}

function readyOf({ allocated, shipped }: LineRow): number {
  return allocated - shipped
}

function waitingOf({ quantity, allocated, cancelled }: LineRow): number {
  return quantity - allocated - cancelled
}

async function writeShipment(
  tx: Queryable,
  { newId, now }: OrdersDeps,
  order: OrderRow,
  { carrier = null, tracking = null, actor }: Shipping,
  parcel: readonly LineCopies[],
): Promise<string> {
  const id = newId()
  await tx.query(sql`
    insert into orders.shipments (id, order_id, lines, carrier, tracking, actor, at)
    values (${id}, ${order.id}, ${JSON.stringify(parcel)}, ${carrier}, ${tracking}, ${actor}, ${now()})`)
  return id
}

async function addShipped(tx: Queryable, order: OrderRow, parcel: readonly LineCopies[]): Promise<void> {
  await tx.query(sql`
    update orders.order_lines line set shipped = shipped + sent.quantity
    from json_to_recordset(${JSON.stringify(parcel)}::json) as sent (position smallint, quantity int)
    where line.order_id = ${order.id} and line.position = sent.position`)
}

function reasonFor(parcel: readonly LineCopies[], carrier: string | null, tracking: string | null): string {
  const count = parcel.reduce((sum, { quantity }) => sum + quantity, 0)
  const by = carrier === null ? '' : ` with ${carrier}`
  return `${copiesText(count)} shipped${by}${tracking === null ? '' : `, tracking ${tracking}`}`
}
