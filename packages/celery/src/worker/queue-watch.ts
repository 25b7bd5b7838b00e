import { timerOf } from '../async/timer.ts'
import type { Runtime } from './runtime.ts'

/**
 * Warns of queues that have work and no consumer: those of the app that this worker may not serve as well as its
 * own. Returns what stops the watch. `queues` names those that are looked at.
 */
export function watchQueues(runtime: Runtime, queues: () => Iterable<string>): () => void {
  const { watchQueues: seconds } = runtime.settings
  if (seconds <= 0) return () => undefined
  let isLooking = false
  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    void look(runtime, queues()).finally(() => {
      isLooking = false
    })
  }, timerOf(seconds))
  timer.unref()
  return () => clearInterval(timer)
}

async function look(runtime: Runtime, queues: Iterable<string>): Promise<void> {
  const { broker, log } = runtime
  for (const queue of new Set(queues)) {
    try {
      const depth = await broker.depth(queue)
      // One that stops has let go of its own queues, whose work waits for its next start.
      if (runtime.isStopping) return
      if (!depth || depth.messages === 0 || depth.consumers !== 0) continue
      log.warn({ queue, messages: depth.messages }, 'a queue has work and no worker serves it')
    } catch (error) {
      log.debug({ err: error, queue }, 'the depth of a queue could not be read')
    }
  }
}
