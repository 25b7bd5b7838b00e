import { lockKeys, type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../../deps.ts'

/** Copies of a book that a document brings. */
export interface GoodsLine {
  bookId: string
  quantity: number
  /** Minor units of the shop's currency, each; null when it is not said. */
  cost: number | null
  /** What a copy is sold for from now on, in the same; null when it is not said. */
  price: number | null
}

/** What is known of a document that came before. */
export interface GoodsDocument {
  /** What was booked of it. */
  lines: GoodsLine[]
  /** How many of its rows were refused and may still come, corrected. */
  refused: number
}

/**
 * Which lines of a document that is sent again are not booked yet: none, or as many as were refused before.
 * @returns null when it is another document, since a line that was booked is not in it, or too many are new
 */
export function linesToBook(
  lines: readonly GoodsLine[],
  before: GoodsDocument | undefined,
): GoodsLine[] | null {
  if (before === undefined) return [...lines]
  const booked = new Map<string, number>()
  for (const line of before.lines) booked.set(keyOf(line), (booked.get(keyOf(line)) ?? 0) + 1)
  const added = lines.filter((line) => {
    const count = booked.get(keyOf(line)) ?? 0
    booked.set(keyOf(line), Math.max(0, count - 1))
    return count === 0
  })
  const isWhole = [...booked.values()].every((count) => count === 0)
  return isWhole && added.length <= before.refused ? added : null
}

function keyOf({ bookId, quantity, cost, price }: GoodsLine): string {
  return `${bookId} ${quantity} ${cost} ${price}`
}

/** Has whoever sends the same document wait until the transaction ends. @returns what is known of it */
export async function lockDocument(tx: Queryable, number: string): Promise<GoodsDocument | undefined> {
  const [kind, name] = lockKeys('orders goods-in document', number)
  await tx.query(sql`select pg_advisory_xact_lock(${kind}, ${name})`)
  return tx.maybeOne<GoodsDocument>(sql`
    select lines, refused from orders.stock_documents where number = ${number}`)
}

/** Keeps what was booked of a document. */
export async function keepDocument(
  tx: Queryable,
  { now }: Pick<OrdersDeps, 'now'>,
  { number, lines, refused, actor }: GoodsDocument & { number: string; actor: string },
): Promise<void> {
  await tx.query(sql`
    insert into orders.stock_documents (number, lines, refused, actor, at)
    values (${number}, ${JSON.stringify(lines)}::jsonb, ${refused}, ${actor}, ${now()})
    on conflict (number) do update set lines = excluded.lines, refused = excluded.refused`)
}
