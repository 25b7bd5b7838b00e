import { decodeCursor, encodeCursor, nullable, timestamp, uuid } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import Type, { type Static } from 'typebox'

/** One movement of a book's copies. */
export const LedgerEntry = Type.Object(
  {
    id: Type.Integer({ minimum: 1, description: 'Grows with time' }),
    at: timestamp(),
    onHand: Type.Integer({
      description: 'Copies added to those in the shop; negative for copies taken away',
    }),
    held: Type.Integer({ description: 'Copies added to those set aside for orders' }),
    reason: Type.String({
      description: 'goods_in, adjustment, stocktake, damaged, hold, release, sale, ...',
    }),
    actor: Type.String({ description: "An account's id, guest, command or system" }),
    orderId: nullable(uuid()),
    document: nullable(Type.String({ description: 'The number of the delivery' })),
    note: nullable(Type.String()),
  },
  { title: 'LedgerEntry', additionalProperties: false },
)
export type LedgerEntry = Static<typeof LedgerEntry>

/** One page of a book's movements, the newest first. @throws Problem invalid_cursor */
export async function listLedger(
  db: Queryable,
  bookId: string,
  { cursor, limit }: { cursor?: string; limit: number },
): Promise<{ items: LedgerEntry[]; nextCursor: string | null }> {
  const of = { of: bookId }
  const [below] = cursor ? decodeCursor(cursor, of, ['integer']) : [Number.MAX_SAFE_INTEGER]
  const rows = await db.query<LedgerEntry>(sql`
    select id, at, on_hand as "onHand", held, reason, actor, order_id as "orderId", document, note
    from orders.stock_ledger where book_id = ${bookId} and id < ${below}::bigint
    order by id desc limit ${limit + 1}`)
  const items = rows.slice(0, limit)
  const last = rows.length > limit ? items.at(-1) : undefined
  return { items, nextCursor: last === undefined ? null : encodeCursor(of, [last.id]) }
}
