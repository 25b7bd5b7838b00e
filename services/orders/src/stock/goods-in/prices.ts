import type { Queryable } from '@colophon/postgres'
import type { OrdersDeps } from '../../deps.ts'
import type { GoodsLine } from './document.ts'

/** The topic of outbox messages that tell the catalogue what a book costs: the relay sends them as its task. */
export const priceTopic = 'stock.price'

/** What books are sold for by a delivery, in minor units; the last line of a book says it. */
export function pricesIn(lines: readonly GoodsLine[]): Map<string, number> {
  return new Map(lines.flatMap(({ bookId, price }) => (price === null ? [] : [[bookId, price] as const])))
}

/**
 * Tells the catalogue, when the transaction commits, what books are sold for. Their stock is locked, so that what is
 * told of a book is numbered in the order of its deliveries.
 * @param actor an account's id, or 'command'
 */
export async function sendPrices(
  tx: Queryable,
  { outbox, currency }: Pick<OrdersDeps, 'outbox' | 'currency'>,
  lines: readonly GoodsLine[],
  actor: string,
): Promise<void> {
  const prices = pricesIn(lines)
  if (prices.size === 0) return
  await outbox.add(
    tx,
    [...prices].map(([bookId, amount]) => ({
      key: `price ${bookId}`,
      topic: priceTopic,
      payload: { bookId, price: { amount, currency }, actor },
    })),
  )
}
