import { setTimeout as delay } from 'node:timers/promises'
import { timerOf } from './timer.ts'

/** Waits so many seconds, or as long as a timer can, or until the signal is aborted. Whether to go on: false once it is. */
export async function pause(seconds: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return false
  await delay(timerOf(seconds), undefined, signal && { signal }).catch(() => undefined)
  return !signal?.aborted
}
