// What is no step of an order, and so is not sent again by the sweeper.
import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { availability, lockStock } from '../stock/movements.ts'
import { allocation, isWaiting } from '../stock/waiting.ts'
import { sendMail } from './steps.ts'

type Deps = Pick<OrdersDeps, 'database' | 'now' | 'outbox'>

/** Minutes after which the catalogue is told again that a book came into stock, or went out of it. */
const toldAfter = [5, 10, 20, 40, 80]
/** Minutes for which that is to be done: a little longer than beat waits, so that each is met by one run at least. */
const toldWithin = 6

/** Milliseconds for which a mail that was not sent is sent again. */
const mailedForMs = 48 * 60 * 60_000

/** Rows of a batch: so many books' stock is locked for a moment. */
const batchSize = 100

/**
 * Sends again what may have been lost with the broker: that copies are given to those who wait, whether books are in
 * stock, mails. What was done meanwhile is not done again, and any number of processes may do this at once.
 */
export async function reconcile(deps: Deps): Promise<void> {
  await inBatches(deps, resendAllocations)
  await inBatches(deps, resendAvailability)
  await inBatches(deps, resendMails)
}

/** Does a batch behind another, from the place where the last one ended. @param work returns that place, or null at the end */
async function inBatches<Place>(
  deps: Deps,
  work: (tx: Queryable, deps: Deps, after: Place | null) => Promise<Place | null>,
): Promise<void> {
  let after: Place | null = null
  do after = await deps.database.transaction((tx): Promise<Place | null> => work(tx, deps, after))
  while (after !== null)
}

/**
 * Books of which there are copies, and orders that wait for them. No row of stock is held, so that these messages are not
 * numbered in the order of commits; their task reads no number, and looks for itself what there is.
 */
async function resendAllocations(
  tx: Queryable,
  { outbox }: Deps,
  after: string | null,
): Promise<string | null> {
  // From one book that is waited for to the next, however many orders wait for it.
  const first = (beyond: ReturnType<typeof sql>) => sql`
    select line.book_id from orders.order_lines line where ${isWaiting} and ${beyond} order by line.book_id limit 1`
  const books = await tx.query<{ bookId: string; isFree: boolean }>(sql`
    with recursive sought (book_id, position) as (
      (select book_id, 1 from (${first(sql`(${after}::uuid is null or line.book_id > ${after}::uuid)`)}) as first)
      union all
      select next.book_id, sought.position + 1 from sought
        cross join lateral (${first(sql`line.book_id > sought.book_id`)}) as next
        where sought.position < ${batchSize})
    select sought.book_id as "bookId", coalesce(stock.on_hand > stock.held, false) as "isFree"
    from sought left join orders.stock stock using (book_id) order by sought.book_id`)
  const free = books.filter(({ isFree }) => isFree)
  await outbox.add(
    tx,
    free.map(({ bookId }) => allocation(bookId)),
  )
  return books.length < batchSize ? null : (books.at(-1)?.bookId ?? null)
}

/** Books of which the last free copy has gone lately, or the first one come. */
async function resendAvailability(
  tx: Queryable,
  { now, outbox }: Deps,
  after: { at: string; bookId: string } | null,
): Promise<{ at: string; bookId: string } | null> {
  const since = after?.at ?? new Date(now().getTime() - (Math.max(...toldAfter) + toldWithin) * 60_000)
  const flipped = await tx.query<{ at: string; bookId: string }>(sql`
    select flipped_at::text as at, book_id as "bookId" from orders.stock
    where (flipped_at, book_id) > (${since}::timestamptz, ${after?.bookId ?? firstId}::uuid)
      and exists (select from unnest(${toldAfter}::int[]) as age (minutes) where flipped_at
        between ${now()}::timestamptz - make_interval(mins => minutes + ${toldWithin})
        and ${now()}::timestamptz - make_interval(mins => minutes))
    order by flipped_at, book_id limit ${batchSize}`)
  const stock = await lockStock(
    tx,
    flipped.map(({ bookId }) => bookId),
  )
  await outbox.add(
    tx,
    [...stock.values()].map(({ bookId, onHand, held }) => availability(bookId, onHand > held)),
  )
  return flipped.length < batchSize ? null : (flipped.at(-1) ?? null)
}

const firstId = '00000000-0000-0000-0000-000000000000'

/** Mails that were not sent in time; they are seen to after ten minutes, then twice that, and so on. */
async function resendMails(tx: Queryable, deps: Deps): Promise<true | null> {
  const now = deps.now()
  const mails = await tx.query<{ orderId: string; seq: number }>(sql`
    update orders.mails mail
    set due_at = case when ${now}::timestamptz - mail.wanted_at < ${`${mailedForMs / 2} milliseconds`}::interval
      then ${now}::timestamptz + (${now}::timestamptz - mail.wanted_at) end
    from (select order_id, seq from orders.mails where due_at <= ${now}
      order by due_at limit ${batchSize} for update skip locked) due
    where mail.order_id = due.order_id and mail.seq = due.seq
    returning mail.order_id as "orderId", mail.seq`)
  for (const { orderId, seq } of mails) await sendMail(tx, deps, orderId, seq)
  return mails.length < batchSize ? null : true
}
