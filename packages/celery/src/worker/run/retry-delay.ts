import type { RetryPolicy } from '../../app/task.ts'

/** How often a task is tried again, as in Celery. */
export const defaultMaxRetries = 3

/**
 * Seconds until the next try after `retries` earlier ones: exponential, capped, and with full jitter a random part
 * of that. `random` is in [0, 1).
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelay(policy: RetryPolicy, retries: number, random: number): number {
  const { delay = 1, factor = 2, maxDelay = 600, jitter = true } = policy
  const wait = Math.min(maxDelay, delay * factor ** retries)
  return jitter ? wait * random : wait
}
