import type { Took } from '../payments/port.ts'
import { formatMoney, placesOf } from '../rules/money-text.ts'

/** What was asked for, in minor units of a currency (ISO 4217). */
interface Asked {
  amount: number
  currency: string
}

/** What a charge took, beside what was asked for. */
export interface Taking {
  asked: Asked
  isMoney: boolean
  /** Whether it is what was asked for; nothing else pays for an order. */
  isAsAsked: boolean
  /** What it took of what was asked for, in the order's currency: what can be given back of it is booked on the order. */
  paid: number
  /** What nobody can book on the order: staff give it back at the provider. Null where there is nothing of that. */
  byHand: { amount: number; refusal: string } | null
  /** What it took, for people. */
  text: string
}

/** Compares what a charge took with what was asked for. What the provider does not tell is as it was asked for. */
export function takingOf(asked: Asked, took: Took = { amount: null, currency: null }): Taking {
  const currency = took.currency?.toUpperCase() ?? asked.currency
  const isSame = currency === asked.currency
  const amount = took.amount ?? (isSame ? asked.amount : null)
  const [text, askedText] = [textOf(amount, currency), textOf(asked.amount, asked.currency)]
  const taking = { asked, isMoney: amount !== 0, text }
  if (amount === 0) return { ...taking, isAsAsked: asked.amount === 0, paid: 0, byHand: null }
  if (!(isSame && isCount(amount))) {
    // In the order's currency, since refunds have no other: what it is worth to the buyer. Where nothing was asked for
    // nobody can tell that, and the refusal alone says what was taken.
    const worth = Math.max(1, asked.amount)
    const byHand = byHandOf(worth, `${text} was charged for ${askedText}: give it back`)
    return { ...taking, isAsAsked: false, paid: 0, byHand }
  }
  const paid = Math.min(amount, asked.amount)
  const why = `more was charged than was asked for, ${text} for ${askedText}: give the rest back`
  const byHand = byHandOf(amount - paid, why)
  return { ...taking, isAsAsked: amount === asked.amount, paid, byHand }
}

function isCount(amount: number | null): amount is number {
  return Number.isSafeInteger(amount) && Number(amount) > 0
}

function byHandOf(amount: number, why: string): Taking['byHand'] {
  return amount === 0 ? null : { amount, refusal: `${why} at the payment provider, then withdraw this` }
}

/** With the currency's code, as nobody may expect it: 17.50 USD. What is no money of a currency is told as it came. */
function textOf(amount: number | null, currency: string): string {
  if (amount === null) return `an amount of ${currency} that is not told`
  const isWritable = (amount === 0 || isCount(amount)) && /^[A-Z]{3}$/.test(currency)
  if (!isWritable) return `${amount} (in minor units of ${currency})`
  const places = placesOf(currency)
  return `${(amount / 10 ** places).toFixed(places)} ${currency}`
}

/** What was charged instead of what was asked for, for the history. */
export function otherAmountText({ asked, text }: Taking): string {
  return `${text} was charged instead of ${formatMoney(asked.amount, asked.currency)}`
}

/** What becomes of money that came for an order which is over, for the history. */
export function givenBackText(taking: Taking): string {
  const { asked, isAsAsked, paid, byHand } = taking
  if (isAsAsked) return 'the payment came after the order was over: it is given back'
  const what = `${otherAmountText(taking)}: it is given back`
  if (byHand === null) return what
  return paid === 0
    ? `${what} by staff`
    : `${what}, ${formatMoney(byHand.amount, asked.currency)} of it by staff`
}
