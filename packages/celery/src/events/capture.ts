import type { AppCore } from '../app/app-core.ts'
import type { Listening } from '../brokers/port.ts'
import { type Checks, checkOptions, checkValue } from '../options/check.ts'
import { callback, text } from '../options/kinds.ts'
import type { WireMessage } from '../protocol/message.ts'
import { isClock } from './clock.ts'
import { type CeleryEvent, eventExchange } from './event.ts'
import { readCast } from './read-cast.ts'

/** Which events are wanted. */
export interface CaptureOptions {
  /** Which events, as AMQP's pattern: `task.#`, `worker.heartbeat`; all (`#`) when absent. */
  routingKey?: string
}

const checks: Checks<CaptureOptions> = { routingKey: text }

/**
 * Calls back with each event of every worker and client, in Python or TypeScript, from now on. Workers send those of
 * tasks only when they were told to: see `enableEvents` of the control client.
 *
 * What is no event is left out. An error that `onEvent` throws is logged and goes no further. Timestamps are as the
 * sender gave them: seconds since 1970.
 * @throws CeleryError `BAD_OPTION`, `BROKER_UNAVAILABLE`
 */
export async function captureEvents(
  app: AppCore,
  onEvent: (event: CeleryEvent) => void,
  options: CaptureOptions = {},
): Promise<Listening> {
  checkValue(onEvent, callback, 'onEvent', 'captureEvents')
  checkOptions(options, checks, 'captureEvents')
  const { log } = app.options
  const broker = await app.broker()
  return broker.listen({
    exchange: eventExchange,
    routingKey: options.routingKey ?? '#',
    queue: `celeryev.${app.options.newId()}`,
    onMessage(message) {
      try {
        for (const event of eventsIn(message)) {
          adjustClock(app, event)
          onEvent(event)
        }
      } catch (error) {
        log.warn({ err: error }, 'an event could not be handled')
      }
    },
  })
}

/** A message holds one event, or a list of those of tasks. */
function eventsIn(message: WireMessage): CeleryEvent[] {
  if (message.properties.contentType !== 'application/json') return []
  const content = readCast(message)
  return (Array.isArray(content) ? content : [content]).filter(isEvent)
}

function isEvent(value: unknown): value is CeleryEvent {
  if (typeof value !== 'object' || value === null) return false
  const { type, hostname } = value as Partial<CeleryEvent>
  return typeof type === 'string' && typeof hostname === 'string'
}

/** Clients do not keep their clocks in step with the workers', so what they sent counts as just before now. */
function adjustClock({ clock }: AppCore, event: CeleryEvent): void {
  if (event.type === 'task-sent') event.clock = Math.max(clock.value, 1) - 1
  if (isClock(event.clock)) clock.adjust(event.clock)
  else event.clock = clock.forward()
}
