import type { Broker } from '../brokers/port.ts'
import type { ReadyEntry } from './entry.ts'
import type { EntryText } from './store.ts'

/** An entry as the store is told of it. */
export function textOf({ name, call, schedule, timeZone }: ReadyEntry, broker: string): EntryText {
  return { name, task: call.name, schedule: schedule.describe(timeZone), broker }
}

export function isSameText(one: EntryText, other: EntryText): boolean {
  return one.task === other.task && one.schedule === other.schedule && one.broker === other.broker
}

/** What tells brokers apart; never a password. */
export function placeOf(broker: Broker): string {
  const { transport, hostname, port, virtual_host } = broker.describe()
  return `${transport}://${hostname}${port === null ? '' : `:${port}`}/${virtual_host}`
}
