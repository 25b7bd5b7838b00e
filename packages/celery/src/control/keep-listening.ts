import { setTimeout as pause } from 'node:timers/promises'
import type { Broker, Listening, ListenOptions } from '../brokers/port.ts'
import type { Log } from '../log.ts'

/** Seconds before the first further try, and at most between two. */
const firstWait = 5
const maxWait = 60

/**
 * Listens, and where that is refused tries again until it can: the queue may still belong to a worker of the same name
 * that has gone, or to one that stands beside this one, so that it is tried less and less often and said once. Resolves
 * after the first try; work does not wait for more.
 */
export async function keepListening(
  broker: Pick<Broker, 'listen'>,
  options: ListenOptions,
  log: Log,
  secondsBetween = firstWait,
): Promise<Listening> {
  const { queue } = options
  const stopping = new AbortController()
  let tries = 0
  let listening: Listening | undefined

  async function tryOnce(): Promise<void> {
    try {
      listening = await broker.listen(options)
      if (tries > 0) log.info({ queue }, 'remote control is served now')
    } catch (error) {
      const level = tries === 0 ? 'warn' : 'debug'
      log[level]({ err: error, queue }, 'no remote control yet: is there a worker of the same name?')
    }
    tries += 1
  }

  async function tryAgain(): Promise<void> {
    while (listening === undefined && !stopping.signal.aborted) {
      const wait = Math.min(maxWait, secondsBetween * 2 ** (tries - 1))
      await pause(wait * 1_000, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
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
