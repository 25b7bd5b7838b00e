import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { MailError } from '../mail/port.ts'
import { type OrderNews, orderMail } from '../mail/texts.ts'
import { orderToken } from '../orders/order-token.ts'
import { readOrder } from '../orders/read-order.ts'

/**
 * Tells the buyer by mail of an entry of an order's history, once: what was sent is written down. Whoever dies between
 * the two, or runs at the same time as another, sends it again under the same Message-ID, by which mail programs show
 * it once; no transaction can hold a mail server too.
 * @throws MailError when it was not sent: to be done again, unless it was refused for good
 * @throws Error when there is no such entry
 */
export async function mailOrder(deps: OrdersDeps, orderId: string, seq: number): Promise<void> {
  const { database, mailer, now } = deps
  if (await isSent(deps, orderId, seq)) return
  const { news, to } = await readNews(deps, orderId, seq)
  try {
    await mailer.send({
      id: `order-${news.order.id}-${seq}`,
      to,
      ...orderMail(news),
      ...(news.token !== null && { secrets: [news.token] }),
    })
  } catch (error) {
    if (error instanceof MailError && error.code === 'refused') await giveUp(deps, orderId, seq)
    throw error
  }
  await database.query(sql`
    insert into orders.mails (order_id, seq, wanted_at, sent_at) values (${orderId}, ${seq}, ${now()}, ${now()})
    on conflict (order_id, seq) do update set sent_at = coalesce(mails.sent_at, excluded.sent_at), due_at = null`)
}

async function isSent({ database }: OrdersDeps, orderId: string, seq: number): Promise<boolean> {
  const sent = await database.query(
    sql`select from orders.mails where order_id = ${orderId} and seq = ${seq} and sent_at is not null`,
  )
  return sent.length > 0
}

/** Whether the mail will be sent again, should it not have been sent yet. */
export async function isMailDue({ database }: OrdersDeps, orderId: string, seq: number): Promise<boolean> {
  const due = await database.query(
    sql`select from orders.mails where order_id = ${orderId} and seq = ${seq} and due_at is not null`,
  )
  return due.length > 0
}

/** Notes that the mail was refused for good: it is sent again only when somebody asks for it. */
async function giveUp({ database, now }: OrdersDeps, orderId: string, seq: number): Promise<void> {
  await database.query(sql`
    update orders.mails set refused_at = ${now()}, due_at = null
    where order_id = ${orderId} and seq = ${seq} and sent_at is null`)
}

async function readNews(
  { database, orderTokenKey, seller }: OrdersDeps,
  orderId: string,
  seq: number,
): Promise<{ news: OrderNews; to: string }> {
  const [known, refunds, { isMoreOwed }] = await Promise.all([
    readOrder(database, orderId),
    database.query<OrderNews['refunds'][number]>(sql`
      select amount, reason, done_at as at from orders.refunds
      where order_id = ${orderId} and status = 'done' order by done_at, id`),
    database.one<{ isMoreOwed: boolean }>(sql`
      select exists (select from orders.refunds
        where order_id = ${orderId} and status = 'refused' and attempt = 0) as "isMoreOwed"`),
  ])
  if (known === undefined) throw new Error(`there is no order ${orderId}`)
  const { order, accountId } = known
  const token = accountId === null ? orderToken(orderTokenKey, order.id) : null
  return { news: { order, seq, refunds, isMoreOwed, token, seller }, to: order.email }
}
