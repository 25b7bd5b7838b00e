import { sql } from '@colophon/postgres'
import type { SandboxDeps, WebhookTarget } from '../deps.ts'
import { signatureHeader, signatureOf } from './signature.ts'

interface Webhook {
  id: number
  body: string
  /** With this one. */
  attempts: number
}

/** How many are sent at once. */
const batchSize = 20

/**
 * Sends webhooks that are due. One that nobody takes is sent again later, a bounded number of times; one that was
 * being sent when the process ended is due again after a while. @returns how many were sent
 */
export async function sendWebhooks(deps: SandboxDeps, target: WebhookTarget): Promise<number> {
  const due = await claimDue(deps, target)
  await Promise.all(due.map((webhook) => send(deps, target, webhook)))
  return due.length
}

/** Puts them off until nobody can still be sending them, so that no lock is held while they are sent. */
function claimDue({ database, now }: SandboxDeps, { timeoutMs }: WebhookTarget): Promise<Webhook[]> {
  const again = new Date(now().getTime() + timeoutMs + 5_000)
  return database.query<Webhook>(sql`
    update payments_sandbox.webhooks set attempts = attempts + 1, due_at = ${again}
    where id = any(array(select id from payments_sandbox.webhooks where due_at <= ${now()}
      order by due_at, id limit ${batchSize} for update skip locked))
    returning id, body, attempts`)
}

async function send(deps: SandboxDeps, target: WebhookTarget, webhook: Webhook): Promise<void> {
  const failure = await post(deps, target, webhook.body)
  const { id, attempts } = webhook
  // Cut off by the stop: the next process finds it due.
  if (failure !== undefined && deps.stopping.aborted) return
  if (failure !== undefined && attempts < target.attempts) {
    const again = new Date(deps.now().getTime() + target.retryMs * 2 ** (attempts - 1))
    await deps.database.query(sql`update payments_sandbox.webhooks set due_at = ${again} where id = ${id}`)
    return
  }
  if (failure !== undefined)
    deps.logger.warn({ failure, attempts }, 'a webhook was not taken, and is given up')
  await deps.database.query(sql`delete from payments_sandbox.webhooks where id = ${id}`)
}

/** @returns why it was not taken; undefined when it was */
async function post(
  { now, stopping }: SandboxDeps,
  target: WebhookTarget,
  body: string,
): Promise<string | undefined> {
  const { url, secret, timeoutMs } = target
  try {
    const response = await fetch(typeof url === 'string' ? url : url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', [signatureHeader]: signatureOf(body, secret, now()) },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), stopping]),
    })
    await response.body?.cancel()
    return response.ok ? undefined : `the answer was ${response.status}`
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}
