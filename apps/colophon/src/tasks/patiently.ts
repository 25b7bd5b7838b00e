import { setTimeout as delay } from 'node:timers/promises'
import type { Logger, Part } from '@colophon/runtime'
import { isBrokerAway } from './publish.ts'

/** Milliseconds before the start is tried again: longer each time, up to the longest. */
const [firstPause, longestPause] = [1_000, 30_000]

/** A part that can be started again after a start that failed. */
export type Startable = Required<Part>

/** A part whose start waits for its servers: it may be started before them. */
export function patiently(part: Startable, logger: Logger, first = firstPause): Startable {
  const { name } = part
  const stopping = new AbortController()
  const { signal } = stopping

  async function startSometime(): Promise<void> {
    for (let pause = first; ; pause = Math.min(2 * pause, longestPause)) {
      try {
        return await part.start()
      } catch (error) {
        if (signal.aborted) return
        if (!isBrokerAway(error)) throw error
        const reason = error instanceof Error ? error.message : String(error)
        logger.warn({ reason, part: name }, `a server cannot be reached: tried again in ${pause / 1_000} s`)
        await delay(pause, undefined, { signal }).catch(() => {
          // Told to stop, which the next line sees.
        })
        if (signal.aborted) return
      }
    }
  }

  return {
    name,
    start: startSometime,
    async stop() {
      stopping.abort()
      await part.stop()
    },
  }
}

/**
 * A part whose start nobody waits for: what stands before it answers meanwhile.
 * @param onFailure told what a start failed with
 */
export function inBackground(part: Startable, onFailure: (error: unknown) => void): Part {
  let starting: Promise<void> = Promise.resolve()
  return {
    name: part.name,
    start() {
      starting = (async () => part.start())().catch(onFailure)
    },
    async stop() {
      await part.stop()
      await starting
    },
  }
}
