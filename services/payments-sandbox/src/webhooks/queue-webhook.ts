import { type Queryable, sql } from '@colophon/postgres'
import type { SandboxDeps } from '../deps.ts'

/** Sends word of something when the transaction commits; `copies` times, as one and the same event. */
export async function queueWebhook(
  tx: Queryable,
  { webhook, newId, now }: SandboxDeps,
  type: 'charge.settled' | 'refund.done',
  data: object,
  copies = 1,
): Promise<void> {
  if (webhook === null) return
  const at = now()
  const body = JSON.stringify({ id: newId(), type, createdAt: at, data })
  await tx.query(sql`
    insert into payments_sandbox.webhooks (body, due_at)
    select ${body}, ${at} from generate_series(1, ${copies}::int)`)
}
