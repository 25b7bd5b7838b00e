import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { Draft } from './schema.ts'

/**
 * Gives a document the next number of its kind and writes it. Whoever takes a number holds it until the transaction
 * ends, so that one that is rolled back is given to the next: nothing that may wait is to come behind this in a transaction.
 */
export async function writeDocument(
  tx: Queryable,
  { now }: Pick<OrdersDeps, 'now'>,
  draft: Draft,
  refundId: string | null,
): Promise<void> {
  await tx.query(
    sql`with taken as (
        update orders.number_series set last = last + 1 where series = ${draft.kind} returning last
      )
      insert into orders.invoices (kind, number, order_id, refund_id, document, issued_at)
      select ${draft.kind}::text, last, ${draft.orderId}::uuid, ${refundId}::uuid,
        ${JSON.stringify(draft)}::jsonb || jsonb_build_object('number', last), ${now()}::timestamptz
      from taken`,
    { name: 'orders.write-document' },
  )
}
