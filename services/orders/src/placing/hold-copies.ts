import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import { copiesToHold } from '../rules/sellable.ts'
import { lockStock, recordMovements } from '../stock/movements.ts'
import type { Copies } from '../stock/order-stock.ts'
import { awaitedCopies } from '../stock/waiting.ts'
import type { PricedLine } from './priced-order.ts'

/**
 * Locks the stock of an order's lines, and finds what of it can be set aside.
 * @returns what is to be held; `holdCopies` does it
 * @throws Problem out_of_stock, with what is left of each line that is short
 */
export async function claimCopies(tx: Queryable, lines: readonly PricedLine[]): Promise<Copies[]> {
  const tracked = lines.filter((line) => line.tracked)
  if (tracked.length === 0) return []
  const stock = await lockStock(
    tx,
    tracked.map(({ book }) => book.id),
  )
  // Those who wait come first: what has come in for them is not there for anybody else.
  const awaited = await awaitedCopies(tx, stock.values())
  const wanted = tracked.map(({ book, quantity }) => {
    const { onHand = 0, held = 0, policy = 'in_stock' } = stock.get(book.id) ?? {}
    const available = onHand - held - (awaited.get(book.id) ?? 0)
    return { bookId: book.id, available, quantity, hold: copiesToHold(quantity, available, policy) }
  })
  refuseShort(wanted, lines)
  return wanted
    .map(({ bookId, hold }) => ({ bookId, quantity: hold ?? 0 }))
    .filter(({ quantity }) => quantity > 0)
}

interface Wanted {
  bookId: string
  available: number
  quantity: number
  hold: number | null
}

function refuseShort(wanted: readonly Wanted[], lines: readonly PricedLine[]): void {
  const short = wanted.filter(({ hold }) => hold === null)
  if (short.length === 0) return
  const errors = short.map(({ bookId, available }) => {
    const index = lines.findIndex(({ book }) => book.id === bookId)
    return { path: `/lines/${index}/quantity`, code: 'out_of_stock', message: `${available} left` }
  })
  const left = short.map(({ bookId, quantity, available }) => ({ bookId, quantity, available }))
  const titles = short.map(({ bookId, available }) => {
    return `${lines.find(({ book }) => book.id === bookId)?.book.title}: ${available} left`
  })
  throw ordersProblem('out_of_stock', titles.join('; '), { errors, extra: { lines: left } })
}

/** Sets aside copies for an order, whose row is written before it. */
export async function holdCopies(
  tx: Queryable,
  deps: OrdersDeps,
  orderId: string,
  holds: readonly Copies[],
  actor: string,
): Promise<void> {
  if (holds.length === 0) return
  await Promise.all([
    tx.query(
      sql`insert into orders.holds (order_id, book_id, quantity)
        select ${orderId}::uuid, * from unnest(${holds.map(({ bookId }) => bookId)}::uuid[],
          ${holds.map(({ quantity }) => quantity)}::int[])`,
      { name: 'orders.write-holds' },
    ),
    recordMovements(
      tx,
      deps,
      holds.map(({ bookId, quantity }) => {
        return { bookId, onHand: 0, held: quantity, reason: 'hold', actor, orderId }
      }),
    ),
  ])
}
