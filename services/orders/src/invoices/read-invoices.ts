import { decodeCursor, encodeCursor } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import type { Invoice, InvoiceKind, InvoiceSummary } from './schema.ts'

/** A document of an order; undefined when the order has none of that number. */
export async function readInvoice(
  db: Queryable,
  orderId: string,
  kind: InvoiceKind,
  number: number,
): Promise<Invoice | undefined> {
  const row = await db.maybeOne<{ document: Invoice }>(sql`
    select document from orders.invoices where kind = ${kind} and number = ${number} and order_id = ${orderId}`)
  return row?.document
}

type Row = Pick<Invoice, 'kind' | 'number' | 'date' | 'gross'>

/**
 * One page of an order's documents: its invoice, and its credit notes behind it.
 * @throws Problem invalid_cursor
 */
export async function listInvoices(
  db: Queryable,
  orderId: string,
  { cursor, limit }: { cursor?: string; limit: number },
): Promise<{ items: InvoiceSummary[]; nextCursor: string | null }> {
  const identity = { of: orderId }
  const [after] = cursor ? decodeCursor(cursor, identity, ['integer']) : [-1]
  const rows = await db.query<Row>(sql`
    select kind, number, document ->> 'date' as date, document -> 'gross' as gross from orders.invoices
    where order_id = ${orderId} and ${positionInList} > ${after}
    order by ${positionInList} limit ${limit + 1}`)
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    items: page.map((row) => ({ ...row, href: `/api/orders/${orderId}/invoices/${row.kind}/${row.number}` })),
    nextCursor:
      last === undefined ? null : encodeCursor(identity, [last.kind === 'invoice' ? 0 : last.number]),
  }
}

/** An order has one invoice, and its credit notes have numbers from 1. */
const positionInList = sql`case kind when 'invoice' then 0 else number end`
