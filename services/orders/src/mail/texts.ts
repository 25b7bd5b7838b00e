import { type OrderStatus, openStatuses } from '../process/states.ts'
import { formatMoney } from '../rules/money-text.ts'
import type { Order } from '../schemas.ts'
import { oneLine, sentence, wrapped } from './plain-text.ts'

/** What a mail about an order is made of. */
export interface OrderNews {
  order: Order
  /** The number of the history entry that it tells of. */
  seq: number
  /** Money that was given back so far. */
  refunds: readonly { amount: number; reason: string; at: string }[]
  /** Whether staff are still to give back what was charged and not asked for. */
  isMoreOwed: boolean
  /** What lets a guest see the order; null where an account does. */
  token: string | null
  /** Who sells. */
  seller: string
}

/**
 * The mail about an entry of an order's history. What happened is told as of that entry; copies, parcels and money as
 * they are now. The subject holds nothing that anybody wrote.
 * @throws Error when the order has no such entry
 */
export function orderMail(news: OrderNews): { subject: string; text: string } {
  const { order, refunds, token, seller } = news
  const { subject, says } = happened(news)
  const paragraphs = [
    'Hello,',
    wrapped(says.trim()),
    lineList(order),
    totals(order),
    parcels(order),
    refundList(order, refunds),
    access(order, token),
    wrapped(oneLine(seller)),
  ]
  return {
    subject: `Order ${order.number}: ${subject}`,
    text: `${paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')}\n`,
  }
}

interface Happened {
  subject: string
  says: string
}

type Entry = Order['history'][number]

/** What becoming this is called, and what the buyer is told of it. */
const moved: Record<OrderStatus, (news: OrderNews, entry: Entry) => Happened> = {
  placed: () => ({ subject: 'received', says: 'We have received your order. The payment comes next.' }),
  paid: () => ({ subject: 'paid', says: 'We have received the payment for your order.' }),
  confirmed: () => ({ subject: 'confirmed', says: 'Thank you: your order is paid and confirmed.' }),
  partly_shipped: () => ({ subject: 'a part is on its way', says: 'A part of your order is on its way.' }),
  shipped: () => ({ subject: 'on its way', says: 'Your order is on its way.' }),
  returned: (_, { reason }) => ({
    subject: 'back with us',
    says: `What you sent back has arrived. ${sentence(reason)}`,
  }),
  declined: (_, { reason }) => ({
    subject: 'not paid',
    says: `${sentence(reason)} Your order has ended with that: nothing was charged, and nothing will be sent.`,
  }),
  expired: (news, entry) => ({
    subject: 'given up',
    says: `Your order has ended, and nothing will be sent. ${sentence(entry.reason)} ${moneyBack(news, entry)}`,
  }),
  cancelled: (news, entry) => ({
    subject: 'cancelled',
    says: `Your order was cancelled, and nothing will be sent. ${sentence(entry.reason)} ${moneyBack(news, entry)}`,
  }),
  refunded: ({ isMoreOwed }, { reason }) => ({
    subject: 'money given back',
    says: isMoreOwed ? sentence(reason) : `All is given back. ${sentence(reason)}`,
  }),
}

function happened(news: OrderNews): Happened {
  const { order, seq } = news
  const entry = order.history.find((one) => one.seq === seq)
  if (entry === undefined) throw new Error(`order ${order.id} has no entry ${seq} in its history`)
  const before = order.history.find((one) => one.seq === seq - 1)
  if (before?.status === entry.status || isCancelledRest(order, before, entry)) {
    return { subject: 'news', says: sentence(entry.reason) }
  }
  return moved[entry.status](news, entry)
}

/** Whether an order became shipped without a parcel, since what was not shipped of it was cancelled. */
function isCancelledRest({ shipments }: Order, before: Entry | undefined, entry: Entry): boolean {
  if (entry.status !== 'shipped' || before === undefined) return false
  const [from, to] = [Date.parse(before.at), Date.parse(entry.at)]
  return !shipments.some(({ at }) => Date.parse(at) >= from && Date.parse(at) <= to)
}

/** What becomes of the money with an entry: what was given back before it is not given back again. */
function moneyBack({ order, refunds }: OrderNews, { seq, at }: Entry): string {
  const { payment, total, history } = order
  const wasPaid = history.some((entry) => entry.status === 'paid' && entry.seq < seq)
  // What came for an order that was not paid by then may be another amount than its total.
  if (payment.status === 'charged' && !wasPaid) return 'The money that came for it is given back.'
  if (total.amount === 0) return ''
  if (payment.status === 'pending') return 'Should money still arrive, it is given back.'
  if (payment.status !== 'charged') return 'Nothing was charged.'
  const before = refunds.filter((refund) => Date.parse(refund.at) < Date.parse(at))
  const left = before.reduce((sum, { amount }) => sum - amount, total.amount)
  if (left === total.amount) return `What was paid, ${money(total)}, is given back.`
  if (left <= 0) return 'All that was paid was given back before.'
  return `What is left of the money that was paid, ${money({ ...total, amount: left })}, is given back.`
}

function lineList(order: Order): string {
  return order.lines.map((line) => wrapped(lineOf(order, line), '    ')).join('\n')
}

function lineOf({ status }: Order, line: Order['lines'][number]): string {
  const { quantity, title, total, allocated, shipped, cancelled, returned } = line
  const counts = [
    [openStatuses.includes(status) ? quantity - allocated - cancelled : 0, 'to come'],
    [shipped, 'sent'],
    [cancelled, 'cancelled'],
    [returned, 'sent back'],
  ] as const
  const told = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return `${quantity} x ${oneLine(title)}: ${money(total)}${told.length > 0 ? ` (${told.join(', ')})` : ''}`
}

function totals({ shipping, total, tax }: Order): string {
  return `Shipping: ${money(shipping)}\nTotal: ${money(total)}, of which ${money(tax)} tax`
}

function parcels({ shipments }: Order): string {
  const told = shipments.map(({ at, carrier, tracking }) => {
    const by = carrier === null ? '' : ` by ${oneLine(carrier)}`
    const number = tracking === null ? '' : `, tracking number ${oneLine(tracking)}`
    return wrapped(`Sent on ${day(at)}${by}${number}`, '    ')
  })
  return told.join('\n')
}

function refundList({ total }: Order, refunds: OrderNews['refunds']): string {
  const told = refunds.map(({ amount, reason, at }) => {
    const given = money({ amount, currency: total.currency })
    return wrapped(`Given back on ${day(at)}: ${given} (${oneLine(reason)})`, '    ')
  })
  return told.join('\n')
}

function access({ id }: Order, token: string | null): string {
  if (token === null) return ''
  const says =
    'You ordered without an account. With these two your order can be seen, and cancelled before it is sent, ' +
    'so keep the second to yourself.'
  return `${wrapped(says)}\n\nOrder: ${id}\nOrder-Token: ${token}`
}

function money({ amount, currency }: { amount: number; currency: string }): string {
  return formatMoney(amount, currency)
}

function day(at: string): string {
  return at.slice(0, 10)
}
