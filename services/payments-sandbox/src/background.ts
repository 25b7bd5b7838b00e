import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from '@colophon/postgres'
import { decidePending } from './charges/decide-pending.ts'
import type { SandboxDeps } from './deps.ts'
import { sendWebhooks } from './webhooks/send-webhooks.ts'

/** What happens without anybody asking: pending charges are decided, webhooks are sent. */
export interface Background {
  start(): void
  /** Runs soon after a commit that left work behind. */
  wake(): void
  /** When nothing is left to be done, now or later. */
  settle(): Promise<void>
  /** Ends behind what is being done. */
  stop(): Promise<void>
}

/** How long to wait where nothing is due, in milliseconds: another process may leave work behind. */
const pollMs = 5_000

/** Does the sandbox's work one run at a time, when it is due. What a kill interrupts, the next process finds. */
export function createBackground(deps: () => SandboxDeps): Background {
  // Outside of the request that wakes it, whose deadline is not this work's.
  const outside = AsyncLocalStorage.snapshot()
  let running: Promise<void> | undefined
  let again = false
  let timer: NodeJS.Timeout | undefined

  async function runAndSleep(): Promise<void> {
    clearTimeout(timer)
    let ms: number
    do {
      again = false
      ms = await doAllDue(deps())
    } while (again && !deps().stopping.aborted)
    // In the same turn as the last look at `again`, so that nobody wakes in vain.
    running = undefined
    if (!deps().stopping.aborted) timer = setTimeout(wake, ms).unref()
  }

  function wake(): void {
    again = true
    if (running === undefined && !deps().stopping.aborted) running = outside(runAndSleep)
  }

  return {
    start: wake,
    wake,
    async settle() {
      for (let ms: number | null = 0; ms !== null; ms = await untilDue(deps())) {
        await delay(ms)
        wake()
        await running
      }
    },
    async stop() {
      clearTimeout(timer)
      await running
    },
  }
}

/** @returns milliseconds until there is more to do */
async function doAllDue(deps: SandboxDeps): Promise<number> {
  try {
    while (!deps.stopping.aborted && (await runOnce(deps)) > 0);
    return Math.min((await untilDue(deps)) ?? pollMs, pollMs)
  } catch (error) {
    deps.logger.warn({ err: error }, 'charges or webhooks could not be worked on; it is tried again')
    return pollMs
  }
}

/** @returns how much was done */
async function runOnce(deps: SandboxDeps): Promise<number> {
  const decided = await decidePending(deps)
  return decided + (deps.webhook === null ? 0 : await sendWebhooks(deps, deps.webhook))
}

/** Milliseconds until something is due; null when nothing is left to be done. */
async function untilDue({ database, now, webhook }: SandboxDeps): Promise<number | null> {
  const { next } = await database.one<{ next: string | null }>(sql`
    select least(
      (select min(decide_at) from payments_sandbox.charges where decide_at is not null),
      (select min(due_at) from payments_sandbox.webhooks where ${webhook !== null})) as next`)
  return next === null ? null : Math.max(0, new Date(next).getTime() - now().getTime())
}
