import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { OrderRow } from '../process/order-row.ts'
import { type Credit, creditEntries } from './credit-entries.ts'
import { written } from './entries.ts'
import type { Draft, Invoice } from './schema.ts'
import { writeDocument } from './write-document.ts'

/**
 * Writes the credit note of money that was given back for an order, which is locked. Nothing that may wait is to come
 * behind it in its transaction. An order without an invoice gets none.
 */
export async function issueCreditNote(
  tx: Queryable,
  deps: OrdersDeps,
  order: Pick<OrderRow, 'id'>,
  refund: { id: string; amount: number },
): Promise<void> {
  const documents = await readDocuments(tx, order.id)
  const invoice = documents.find(({ kind }) => kind === 'invoice')
  if (invoice === undefined) return
  const credit = await tx.one<Credit>(sql`
    select amount, reason, items from orders.refunds where id = ${refund.id}`)
  const earlier = documents.filter(({ kind }) => kind === 'credit_note')
  await writeDocument(tx, deps, creditNoteOf(invoice, earlier, credit, deps), refund.id)
}

async function readDocuments(tx: Queryable, orderId: string): Promise<Invoice[]> {
  const rows = await tx.query<{ document: Invoice }>(sql`
    select document from orders.invoices where order_id = ${orderId}`)
  return rows.map(({ document }) => document)
}

function creditNoteOf(
  invoice: Invoice,
  earlier: readonly Invoice[],
  credit: Credit,
  { now }: Pick<OrdersDeps, 'now'>,
): Draft {
  const { orderId, orderNumber, seller, buyer, currency } = invoice
  return {
    kind: 'credit_note',
    date: now().toISOString().slice(0, 10),
    orderId,
    orderNumber,
    invoiceNumber: invoice.number,
    reason: credit.reason,
    seller,
    buyer,
    ...written(creditEntries(invoice, earlier, credit), currency),
  }
}
