import { setTimeout as delay } from 'node:timers/promises'

/** Waits so many seconds, or until the signal is aborted. Whether to go on: false once it is. */
export async function pause(seconds: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return false
  await delay(seconds * 1_000, undefined, signal && { signal }).catch(() => undefined)
  return !signal?.aborted
}
