// What orders do with stock: free what they hold, take what they hold, put back what they took.
import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { lockStock, type Movement, recordMovements } from './movements.ts'
import { awaitedCopies, isWaiting, sendAllocations } from './waiting.ts'

type Deps = Pick<OrdersDeps, 'now' | 'outbox'>

/** Frees the copies that an order holds. @param actor an account's id, 'guest' or 'system' */
export async function releaseHolds(tx: Queryable, deps: Deps, orderId: string, actor: string): Promise<void> {
  const holds = await endHolds(tx, orderId)
  await free(
    tx,
    deps,
    holds.map((hold) => ({
      ...movement(orderId, hold, { onHand: 0, held: -hold.quantity, reason: 'release' }),
      actor,
    })),
  )
}

/** Takes the copies that an order holds out of the stock, and of those it waits for as many as there are. */
export async function commitHolds(tx: Queryable, deps: Deps, orderId: string): Promise<void> {
  await lockStockOf(tx, orderId)
  const holds = await endHolds(tx, orderId)
  await recordMovements(
    tx,
    deps,
    holds.map((hold) =>
      movement(orderId, hold, { onHand: -hold.quantity, held: -hold.quantity, reason: 'sale' }),
    ),
  )
  await addAllocated(tx, orderId, holds)
  await giveTo(tx, deps, orderId, await beginWaiting(tx, orderId))
}

/** @returns what an order that is being confirmed lacks: its lines wait for that from now on */
function beginWaiting(tx: Queryable, orderId: string): Promise<Copies[]> {
  return tx.query<Copies>(sql`
    update orders.order_lines set waits = true
    where order_id = ${orderId} and tracked and allocated + cancelled < quantity
    returning book_id as "bookId", quantity - allocated - cancelled as quantity`)
}

/** All of it at once: what it holds and what it waits for may be different books, and all lock in one order. */
async function lockStockOf(tx: Queryable, orderId: string): Promise<void> {
  const lines = await tx.query<{ bookId: string }>(sql`
    select book_id as "bookId" from orders.order_lines where order_id = ${orderId} and tracked`)
  await lockStock(
    tx,
    lines.map(({ bookId }) => bookId),
  )
}

/**
 * Gives an order's line that waits for copies of a book as many as are to be had. The order is locked.
 * @returns what it was given
 */
export async function allocateWaiting(
  tx: Queryable,
  deps: Deps,
  orderId: string,
  bookId: string,
): Promise<Copies[]> {
  const waiting = await tx.query<Copies>(sql`
    select book_id as "bookId", quantity - allocated - cancelled as quantity from orders.order_lines line
    where order_id = ${orderId} and book_id = ${bookId} and ${isWaiting}`)
  return giveTo(tx, deps, orderId, waiting)
}

/** Gives an order of what it waits for as much as there is beyond what older orders wait for. */
async function giveTo(
  tx: Queryable,
  deps: Deps,
  orderId: string,
  waiting: readonly Copies[],
): Promise<Copies[]> {
  if (waiting.length === 0) return []
  const stock = await lockStock(
    tx,
    waiting.map((line) => line.bookId),
  )
  const awaited = await awaitedCopies(tx, stock.values(), orderId)
  const found = waiting
    .map(({ bookId, quantity }) => {
      const { onHand = 0, held = 0 } = stock.get(bookId) ?? {}
      return { bookId, quantity: Math.min(quantity, onHand - held - (awaited.get(bookId) ?? 0)) }
    })
    .filter(({ quantity }) => quantity > 0)
  await recordMovements(
    tx,
    deps,
    found.map((copies) => movement(orderId, copies, { onHand: -copies.quantity, held: 0, reason: 'sale' })),
  )
  await addAllocated(tx, orderId, found)
  return found
}

/** Puts copies back that orders had taken. */
export function putBack(
  tx: Queryable,
  deps: Deps,
  orderId: string,
  copies: readonly Copies[],
  { reason, actor }: Pick<Movement, 'reason' | 'actor'>,
): Promise<void> {
  const back = copies.filter(({ quantity }) => quantity > 0)
  return free(
    tx,
    deps,
    back.map((one) => ({ ...movement(orderId, one, { onHand: one.quantity, held: 0, reason }), actor })),
  )
}

/** So many copies of a book. */
export interface Copies {
  bookId: string
  quantity: number
}

function endHolds(tx: Queryable, orderId: string): Promise<Copies[]> {
  return tx.query<Copies>(sql`
    delete from orders.holds where order_id = ${orderId} returning book_id as "bookId", quantity`)
}

function movement(
  orderId: string,
  { bookId }: Copies,
  change: Pick<Movement, 'onHand' | 'held' | 'reason'>,
): Movement {
  return { bookId, orderId, actor: 'system', ...change }
}

/** Makes movements after which more copies are to be had. */
async function free(tx: Queryable, deps: Deps, movements: readonly Movement[]): Promise<void> {
  if (movements.length === 0) return
  const stock = await lockStock(
    tx,
    movements.map(({ bookId }) => bookId),
  )
  await recordMovements(tx, deps, movements)
  // Buyers of a book that nobody waits for are not kept waiting by asking again.
  const sought = [...stock.values()].filter(({ isSought }) => isSought)
  await sendAllocations(
    tx,
    deps,
    sought.map(({ bookId }) => bookId),
  )
}

async function addAllocated(tx: Queryable, orderId: string, copies: readonly Copies[]): Promise<void> {
  if (copies.length === 0) return
  await tx.query(sql`
    update orders.order_lines line set allocated = allocated + given.quantity
    from unnest(${copies.map(({ bookId }) => bookId)}::uuid[], ${copies.map(({ quantity }) => quantity)}::int[])
      as given (book_id, quantity)
    where line.order_id = ${orderId} and line.book_id = given.book_id`)
}
