import { sql } from '@colophon/postgres'
import type { SandboxDeps } from '../deps.ts'
import type { Charge } from '../schemas.ts'
import { queueWebhook } from '../webhooks/queue-webhook.ts'
import { chargeColumns } from './charge-columns.ts'

const batchSize = 100

/** Takes the money of pending charges whose time has come. @returns how many */
export function decidePending(deps: SandboxDeps): Promise<number> {
  const now = deps.now()
  return deps.database.transaction(async (tx) => {
    const decided = await tx.query<Charge>(sql`
      update payments_sandbox.charges set status = 'charged', decide_at = null, settled_at = ${now}
      where id = any(array(select id from payments_sandbox.charges where decide_at <= ${now}
        order by decide_at limit ${batchSize} for update skip locked))
      returning ${chargeColumns}`)
    for (const charge of decided) await queueWebhook(tx, deps, 'charge.settled', charge)
    return decided.length
  })
}
