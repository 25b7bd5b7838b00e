import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { OrderRow } from '../process/order-row.ts'
import type { Address } from '../schemas.ts'
import { type Entry, written } from './entries.ts'
import type { Draft } from './schema.ts'
import { writeDocument } from './write-document.ts'

/** Writes the invoice of an order that is paid, which is locked. Nothing that may wait is to come behind it. */
export async function issueInvoice(tx: Queryable, deps: OrdersDeps, order: OrderRow): Promise<void> {
  await writeDocument(tx, deps, invoiceOf(await readOrdered(tx, order.id), deps), null)
}

/** An order as it was frozen when it was placed. */
interface Ordered {
  id: string
  number: number
  email: string
  currency: string
  shippingAddress: Address
  billingAddress: Address | null
  shipping: number
  shippingTax: number
  /** These two in hundredths of a per cent. */
  shippingTaxRate: number
  lines: (Omit<Entry, 'gross'> & { total: number })[]
}

function readOrdered(tx: Queryable, id: string): Promise<Ordered> {
  return tx.one<Ordered>(
    sql`select id, number, email, currency, shipping_address as "shippingAddress",
        billing_address as "billingAddress", shipping, shipping_tax as "shippingTax",
        shipping_tax_rate as "shippingTaxRate",
        (select json_agg(json_build_object('position', position, 'description', title, 'isbn13', isbn13,
            'quantity', quantity, 'taxRate', tax_rate, 'tax', tax, 'total', total) order by position)
          from orders.order_lines where order_id = ${id}) as lines
      from orders.orders where id = ${id}`,
    { name: 'orders.read-ordered' },
  )
}

function invoiceOf(order: Ordered, { seller, now }: Pick<OrdersDeps, 'seller' | 'now'>): Draft {
  const { id, number, email, currency, shippingAddress, billingAddress } = order
  return {
    kind: 'invoice',
    date: now().toISOString().slice(0, 10),
    orderId: id,
    orderNumber: number,
    invoiceNumber: null,
    reason: null,
    seller,
    buyer: { email, billingAddress: billingAddress ?? shippingAddress, shippingAddress },
    ...written(entriesOf(order), currency),
  }
}

function entriesOf({ lines, shipping, shippingTax, shippingTaxRate }: Ordered): Entry[] {
  const books = lines.map(({ total, taxRate, ...line }) => ({
    ...line,
    taxRate: taxRate / 100,
    gross: total,
  }))
  if (shipping === 0) return books
  const sending = { position: null, description: 'Shipping', isbn13: null, quantity: null }
  return [...books, { ...sending, taxRate: shippingTaxRate / 100, gross: shipping, tax: shippingTax }]
}
