import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { StockPolicy } from '../rules/sellable.ts'
import { isWaiting } from './waiting.ts'

/** Why copies moved. */
export type MovementReason =
  | 'goods_in'
  | 'adjustment'
  | 'stocktake'
  | 'damaged'
  | 'hold'
  | 'release'
  | 'sale'
  | 'cancellation'
  | 'return'

/** The topic of outbox messages that say whether a book is in stock: the relay sends them as the catalogue's task. */
export const availabilityTopic = 'stock.availability'

/** One row of the ledger. */
export interface Movement {
  bookId: string
  /** Copies added to those in the shop; negative for copies taken away. */
  onHand: number
  /** Copies added to those set aside. */
  held: number
  reason: MovementReason
  /** An account's id, 'guest', 'command' or 'system'. */
  actor: string
  orderId?: string
  document?: string
  note?: string
}

/** More copies than this are a slip of the hand, and few enough for every sum of movements to be a number. */
export const mostCopies = 1_000_000_000

/** A book's stock, held by the transaction that has locked it. */
export interface StockRow {
  bookId: string
  onHand: number
  held: number
  policy: StockPolicy
  /**
   * Whether orders may wait for copies of it; how many copies they wait for, `awaitedCopies` tells. It is false for one
   * that began to wait while this lock was waited for, of a book whose policy has become `in_stock` meanwhile: its
   * copies then come with the reconciler, unless somebody was quicker. Another statement would cost every buyer more.
   */
  isSought: boolean
}

/** Locks the stock of these books until the transaction ends, always in the order of their ids; books without are left out. */
export async function lockStock(tx: Queryable, bookIds: readonly string[]): Promise<Map<string, StockRow>> {
  const rows = await tx.query<StockRow>(
    sql`select book_id as "bookId", on_hand as "onHand", held, policy,
        policy <> 'in_stock' or (select true from orders.order_lines line
          where line.book_id = stock.book_id and ${isWaiting} order by line.order_id limit 1) is not null as "isSought"
      from orders.stock where book_id = any(${bookIds}::uuid[]) order by book_id for update`,
    { name: 'orders.lock-stock' },
  )
  return new Map(rows.map((row) => [row.bookId, row]))
}

/** Sees to it that these books have a row of stock; a new one says what `findInventory` says of a book without. */
export async function ensureStock(
  tx: Queryable,
  { now }: Pick<OrdersDeps, 'now'>,
  bookIds: readonly string[],
): Promise<void> {
  // In order, so that two who make the same rows do not wait for each other.
  await tx.query(sql`
    insert into orders.stock (book_id, updated_at)
    select distinct book_id, ${now()}::timestamptz from unnest(${bookIds}::uuid[]) as wanted (book_id)
    order by book_id on conflict (book_id) do nothing`)
}

/**
 * Moves copies: the only writer of on_hand and held, so that the ledger's sums are the stock. The rows are locked by
 * `lockStock` before, and the caller has seen that nothing goes below zero. Who follows whether books are in stock is
 * told in the same transaction.
 */
export async function recordMovements(
  tx: Queryable,
  { now, outbox }: Pick<OrdersDeps, 'now' | 'outbox'>,
  movements: readonly Movement[],
): Promise<void> {
  const moved = movements.filter(({ onHand, held }) => onHand !== 0 || held !== 0)
  if (moved.length === 0) return
  const column = <Key extends keyof Movement>(key: Key) => moved.map((movement) => movement[key] ?? null)
  const changed = await tx.query<{ bookId: string; before: number; after: number }>(
    sql`with moved as (
        select * from unnest(${column('bookId')}::uuid[], ${column('onHand')}::int[], ${column('held')}::int[],
          ${column('reason')}::text[], ${column('actor')}::text[], ${column('orderId')}::uuid[],
          ${column('document')}::text[], ${column('note')}::text[])
          as moved (book_id, on_hand, held, reason, actor, order_id, document, note)
      ), entered as (
        insert into orders.stock_ledger (book_id, on_hand, held, reason, actor, order_id, document, note, at)
        select book_id, on_hand, held, reason, actor, order_id, document, note, ${now()}::timestamptz from moved
      )
      update orders.stock stock
      set on_hand = stock.on_hand + sums.on_hand, held = stock.held + sums.held,
        updated_at = ${now()}::timestamptz,
        flipped_at = case when (stock.on_hand > stock.held) = (stock.on_hand + sums.on_hand > stock.held + sums.held)
          then stock.flipped_at else ${now()}::timestamptz end
      from (select book_id, sum(on_hand)::int as on_hand, sum(held)::int as held from moved group by book_id) sums
      where stock.book_id = sums.book_id
      returning stock.book_id as "bookId", stock.on_hand - stock.held as after,
        stock.on_hand - stock.held - sums.on_hand + sums.held as before`,
    { name: 'orders.record-movements' },
  )
  const flipped = changed.filter(({ before, after }) => before > 0 !== after > 0)
  if (flipped.length === 0) return
  await outbox.add(
    tx,
    flipped.map(({ bookId, after }) => availability(bookId, after > 0)),
  )
}

/** The message whether copies of a book are to be had. Its stock is locked, so that they are numbered in order. */
export function availability(bookId: string, inStock: boolean) {
  return { key: `stock ${bookId}`, topic: availabilityTopic, payload: { bookId, inStock } }
}
