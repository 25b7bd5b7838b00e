import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../../deps.ts'
import { ordersProblem } from '../../problems.ts'
import { ensureStock, lockStock, mostCopies, recordMovements, type StockRow } from '../movements.ts'
import { sendAllocations } from '../waiting.ts'
import { type GoodsLine, keepDocument, linesToBook, lockDocument } from './document.ts'
import { matchBooks } from './match-books.ts'
import { pricesIn, sendPrices } from './prices.ts'
import { readGoods } from './read-goods.ts'
import type { GoodsInReport } from './report.ts'

/** Characters of a document's number. */
export const documentLength = 100

/** A delivery that is to be booked. */
export interface Delivery {
  file: AsyncIterable<Uint8Array>
  /** The number of its delivery note: sent again, it changes nothing. */
  document: string
  /** Says what would happen and changes nothing. */
  dryRun: boolean
  /** An account's id, or 'command'. */
  actor: string
}

/**
 * Books the copies of a delivery, all in one transaction. Rows that are refused stop no others; corrected, they are
 * booked when the document is sent again. What was booked of it before is not booked again.
 * @throws Problem goods_in_invalid when the file cannot be read, document_reused
 */
export async function receiveGoods(deps: OrdersDeps, delivery: Delivery): Promise<GoodsInReport> {
  const { document, dryRun } = delivery
  const file = await readGoods(delivery.file, deps.currency)
  const { lines, issues } = await matchBooks(deps, file.rows)
  const refused = file.read - lines.length
  const { booked, repeated } = await deps.database.transaction((tx) =>
    bookOnce(tx, deps, delivery, { lines, refused }),
  )
  if (!dryRun) deps.outbox.nudge()
  return {
    document,
    dryRun,
    repeated,
    counts: { read: file.read, booked: booked.length, unchanged: lines.length - booked.length, refused },
    copies: booked.reduce((sum, { quantity }) => sum + quantity, 0),
    prices: pricesIn(booked).size,
    ignored: file.ignored,
    issues: [...file.issues, ...issues].toSorted((one, other) => one.line - other.line),
  }
}

/** What there is to book, and how many rows were refused. */
interface Arrived {
  lines: GoodsLine[]
  refused: number
}

async function bookOnce(
  tx: Queryable,
  deps: OrdersDeps,
  { document, dryRun, actor }: Delivery,
  { lines, refused }: Arrived,
): Promise<{ booked: GoodsLine[]; repeated: boolean }> {
  const before = await lockDocument(tx, document)
  const booked = linesToBook(lines, before)
  if (booked === null) throw reused(document)
  const result = { booked, repeated: before !== undefined }
  if (booked.length === 0) return result
  if (dryRun) {
    refuseTooMany(booked, await readStock(tx, booksOf(booked)))
    return result
  }
  await bookLines(tx, deps, document, actor, booked)
  await keepDocument(tx, deps, {
    number: document,
    lines: [...(before?.lines ?? []), ...booked],
    refused: before === undefined ? refused : Math.min(refused, before.refused - booked.length),
    actor,
  })
  return result
}

async function bookLines(
  tx: Queryable,
  deps: OrdersDeps,
  document: string,
  actor: string,
  lines: readonly GoodsLine[],
): Promise<void> {
  const bookIds = booksOf(lines)
  await ensureStock(tx, deps, bookIds)
  refuseTooMany(lines, await lockStock(tx, bookIds))
  await recordMovements(
    tx,
    deps,
    lines.map(({ bookId, quantity }) => {
      return { bookId, onHand: quantity, held: 0, reason: 'goods_in', actor, document }
    }),
  )
  await keepCosts(tx, lines)
  await sendPrices(tx, deps, lines, actor)
  await sendAllocations(tx, deps, bookIds)
}

type OnHand = Pick<StockRow, 'bookId' | 'onHand'>

/** For a dry run, which keeps no buyer waiting. */
async function readStock(tx: Queryable, bookIds: readonly string[]): Promise<Map<string, OnHand>> {
  const rows = await tx.query<OnHand>(sql`
    select book_id as "bookId", on_hand as "onHand" from orders.stock where book_id = any(${bookIds}::uuid[])`)
  return new Map(rows.map((row) => [row.bookId, row]))
}

/** @throws Problem goods_in_invalid when there would be more copies than a shop can have */
function refuseTooMany(lines: readonly GoodsLine[], stock: ReadonlyMap<string, OnHand>): void {
  const copies = new Map<string, number>()
  for (const { bookId, quantity } of lines) {
    const before = copies.get(bookId) ?? stock.get(bookId)?.onHand ?? 0
    copies.set(bookId, before + quantity)
  }
  if (Math.max(...copies.values()) <= mostCopies) return
  throw ordersProblem('goods_in_invalid', `there would be more than ${mostCopies} copies of a book`)
}

function booksOf(lines: readonly GoodsLine[]): string[] {
  return [...new Set(lines.map(({ bookId }) => bookId))]
}

/** What a book's last copies cost; the last line of a book says it. */
async function keepCosts(tx: Queryable, lines: readonly GoodsLine[]): Promise<void> {
  const costs = new Map(lines.flatMap(({ bookId, cost }) => (cost === null ? [] : [[bookId, cost] as const])))
  if (costs.size === 0) return
  await tx.query(sql`
    update orders.stock set unit_cost = given.cost
    from unnest(${[...costs.keys()]}::uuid[], ${[...costs.values()]}::int[]) as given (book_id, cost)
    where stock.book_id = given.book_id`)
}

function reused(document: string) {
  return ordersProblem(
    'document_reused',
    `document ${document} was booked before with other lines: is it another delivery's number? Mistakes in what was booked are put right by adjustments`,
  )
}
