import { setTimeout as delay } from 'node:timers/promises'
import type { OutboxPlace } from './message.ts'

/** What wakes the relays of this process, by the database and schema they are for. */
const sleepers = new WeakMap<object, Map<string, Set<() => void>>>()

/** Calls `wake` whenever relays of this outbox are woken in this process. @returns what ends that */
export function onWake({ database, schema }: OutboxPlace, wake: () => void): () => void {
  const bySchema = sleepers.get(database) ?? new Map<string, Set<() => void>>()
  sleepers.set(database, bySchema)
  const wakes = bySchema.get(schema) ?? new Set()
  bySchema.set(schema, wakes)
  wakes.add(wake)
  return () => {
    wakes.delete(wake)
  }
}

export function wakeRelays({ database, schema }: OutboxPlace): void {
  for (const wake of sleepers.get(database)?.get(schema) ?? []) wake()
}

/** A sleep that can be ended early, also before it began. */
export class Alarm {
  #rang = false
  #end: (() => void) | undefined

  ring(): void {
    this.#rang = true
    this.#end?.()
  }

  /** What rang so far is seen to. */
  reset(): void {
    this.#rang = false
  }

  /** Sleeps so many milliseconds, or until it rings; not at all when it rang since the reset. */
  async sleep(milliseconds: number): Promise<void> {
    if (this.#rang) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#end = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Waits so many milliseconds, or until the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return
  await delay(milliseconds, undefined, { signal }).catch(() => {
    // Whoever waits looks at the signal.
  })
}
