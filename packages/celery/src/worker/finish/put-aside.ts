import { pause } from '../../async/pause.ts'
import type { Delivery } from '../../brokers/port.ts'
import { nowOf, type Runtime } from '../runtime.ts'
import { lossesHeader, readLosses } from './history.ts'

/** Seconds after which a message that could not be dealt with comes again, so that it does not go round and round. */
const asideFor = 60
/** Seconds for which one that cannot be parked is kept here instead. */
const keptFor = 10

/**
 * Out of this worker's hands for a while, counted as if it had lost its worker: it may have run, and is not to do so
 * every time. Rejects when it cannot be put back either: then its broker does that.
 */
export async function putAside(runtime: Runtime, delivery: Delivery): Promise<void> {
  if (runtime.isStopping) {
    await delivery.requeue()
    return
  }
  try {
    const { headers } = delivery.message
    const marked = { ...headers, [lossesHeader]: readLosses(headers) + 1 }
    await delivery.delay(new Date(nowOf(runtime) + asideFor * 1_000), marked)
  } catch (error) {
    runtime.log.warn({ err: error, queue: delivery.queue }, 'a message could not be parked, and is put back')
    await pause(keptFor, runtime.abandon.signal)
    await delivery.requeue()
  }
}
