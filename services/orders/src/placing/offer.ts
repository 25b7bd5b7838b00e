import type { BookForSale } from '@colophon/catalog'
import type { FieldProblem } from '@colophon/http'
import { type Sql, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import { formatMoney } from '../rules/money-text.ts'
import { type StockPolicy, saleRefusal } from '../rules/sellable.ts'
import type { ShippingRate } from '../rules/shipping.ts'
import type { TaxKind } from '../rules/tax.ts'
import { type OrderInput, orderLimits } from '../schemas.ts'
import { type PricedOrder, priceOrder } from './priced-order.ts'

/** What the shop has to say to a request for an order, before any copy is held. */
export interface Offer {
  currency: string
  pricesIncludeTax: boolean
  /** ISO date. */
  today: string
  books: ReadonlyMap<string, BookForSale>
  terms: ReadonlyMap<string, Terms>
  taxRates: ReadonlyMap<TaxKind, number>
  shippingRates: readonly ShippingRate[]
}

/** How a book's stock is sold. */
interface Terms {
  policy: StockPolicy
  weightGrams: number | null
}

/** Reads what decides about an order; it is judged by `checkOffer`, once it is known that it was not placed before. */
export async function readOffer(deps: OrdersDeps, input: OrderInput): Promise<Offer> {
  const ids = input.lines.map(({ bookId }) => bookId.toLowerCase())
  const [books, { terms, taxRates, shippingRates }] = await Promise.all([
    deps.catalog.booksForSale(ids),
    readConditions(deps, ids, input.shippingAddress.country),
  ])
  const { currency, pricesIncludeTax } = deps
  const today = deps.now().toISOString().slice(0, 10)
  return {
    currency,
    pricesIncludeTax,
    today,
    books: new Map(books.map((book) => [book.id, book])),
    terms: new Map(terms.map((row) => [row.bookId, row])),
    taxRates: new Map(taxRates.map(({ kind, rate }) => [kind, rate])),
    shippingRates,
  }
}

interface Conditions {
  terms: (Terms & { bookId: string })[]
  taxRates: { kind: TaxKind; rate: number }[]
  shippingRates: ShippingRate[]
}

/** One statement, as every order waits for it. */
function readConditions(
  { database }: OrdersDeps,
  ids: readonly string[],
  country: string,
): Promise<Conditions> {
  const list = (object: Sql) => sql`coalesce(json_agg(json_build_object(${object})), '[]')`
  return database.one<Conditions>(
    sql`select
        (select ${list(sql`'bookId', book_id, 'policy', policy, 'weightGrams', weight_grams`)}
          from orders.stock where book_id = any(${ids}::uuid[])) as terms,
        (select ${list(sql`'kind', kind, 'rate', rate`)}
          from orders.tax_rates where country = ${country}) as "taxRates",
        (select ${list(sql`'country', country, 'method', method, 'upToGrams', up_to_grams, 'price', price`)}
          from orders.shipping_rates where country in (${country}, '*')) as "shippingRates"`,
    { name: 'orders.read-conditions' },
  )
}

/**
 * What the order costs.
 * @throws Problem order_invalid, total_too_large, total_changed, country_not_served, and why a book is not sold
 */
export function checkOffer(offer: Offer, input: OrderInput): PricedOrder {
  refuseRepeats(input)
  const lines = input.lines.map(({ bookId, quantity }, index) => {
    const id = bookId.toLowerCase()
    const book = offer.books.get(id)
    const { policy = 'in_stock', weightGrams = null } = offer.terms.get(id) ?? {}
    const refusal = saleRefusal(book, policy, offer.currency, offer.today)
    if (refusal !== null || book === undefined)
      throw refusedBook(refusal ?? 'book_unknown', book, index, offer)
    return { book, quantity, weightGrams }
  })
  const { country } = input.shippingAddress
  const method = input.shippingMethod
  const taxRate = (kind: TaxKind) => offer.taxRates.get(kind) ?? 0
  const priced = priceOrder({ ...offer, lines, country, method, taxRate })
  if (priced === null) {
    throw ordersProblem('country_not_served', `there is no price for sending to ${country} by ${method}`)
  }
  refuseLarge(offer, priced)
  refuseOtherTotal(offer, input, priced)
  return priced
}

function refuseRepeats({ lines }: OrderInput): void {
  const ids = lines.map(({ bookId }) => bookId.toLowerCase())
  const errors: FieldProblem[] = ids.flatMap((id, index) =>
    ids.indexOf(id) === index
      ? []
      : [{ path: `/lines/${index}/bookId`, code: 'repeated', message: 'each book once: add up its copies' }],
  )
  if (errors.length > 0) throw ordersProblem('order_invalid', 'a book is in it twice', { errors })
}

const refusals = {
  book_unknown: 'the catalogue has no such book',
  book_withdrawn: 'it is not sold any more',
  book_without_price: 'it has no price in the currency of the shop',
  book_not_released: 'it is not published yet',
} as const

function refusedBook(
  code: keyof typeof refusals,
  book: BookForSale | undefined,
  index: number,
  { currency }: Offer,
) {
  const message = code === 'book_without_price' ? `${refusals[code]}, ${currency}` : refusals[code]
  const errors = [{ path: `/lines/${index}/bookId`, code, message }]
  return ordersProblem(code, `${book?.title ?? `line ${index + 1}`}: ${message}`, { errors })
}

/** Such an order would be placed, and never paid. */
function refuseLarge({ currency }: Offer, { total }: PricedOrder): void {
  if (total <= orderLimits.total) return
  const most = formatMoney(orderLimits.total, currency)
  throw ordersProblem('total_too_large', `at most ${most} can be paid at once: make several orders of it`)
}

function refuseOtherTotal({ currency }: Offer, { expectedTotal }: OrderInput, { total }: PricedOrder): void {
  if (expectedTotal === undefined) return
  if (expectedTotal.currency !== currency) {
    const message = `this shop sells in ${currency}`
    throw ordersProblem('order_invalid', `expectedTotal: ${message}`, {
      errors: [{ path: '/expectedTotal/currency', code: 'currency_other', message }],
    })
  }
  if (expectedTotal.amount === total) return
  throw ordersProblem('total_changed', 'the order costs something else than expected: ask the buyer again', {
    extra: { total: { amount: total, currency } },
  })
}
