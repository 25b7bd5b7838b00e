import { setTimeout as pause } from 'node:timers/promises'
import type { Broker, Listening, ListenOptions } from '../brokers/port.ts'
import type { Log } from '../log.ts'

/**
 * Listens, and where that is refused tries again until it can: the queue may still belong to a worker of the same name
 * that has gone, or to one that stands beside this one. Resolves after the first try; work does not wait for more.
 */
export async function keepListening(
  broker: Pick<Broker, 'listen'>,
  options: ListenOptions,
  log: Log,
  secondsBetween = 5,
): Promise<Listening> {
  const stopping = new AbortController()
  let listening: Listening | undefined

  async function tryOnce(): Promise<void> {
    try {
      listening = await broker.listen(options)
    } catch (error) {
      log.warn(
        { err: error, queue: options.queue },
        'no remote control yet: is there a worker of the same name?',
      )
    }
  }

  async function tryAgain(): Promise<void> {
    while (listening === undefined && !stopping.signal.aborted) {
      await pause(secondsBetween * 1000, undefined, { signal: stopping.signal, ref: false }).catch(
        () => undefined,
      )
      if (!stopping.signal.aborted) await tryOnce()
    }
  }

  await tryOnce()
  const trying = tryAgain()
  return {
    async stop() {
      stopping.abort()
      await trying
      await listening?.stop()
    },
  }
}
