import { loadavg } from 'node:os'
import type { EventDispatcher } from './dispatcher.ts'
import { softwareInfo } from './software.ts'

export interface Vitals {
  /** Tasks that run now. */
  active: number
  /** Tasks received since the start. */
  processed: number
}

export interface Heartbeat {
  /** Says that the worker goes offline. Safe to call twice. */
  stop(): void
}

/** Seconds between heartbeats, as in Celery. Flower takes a worker for gone after two of these without one. */
const heartbeatInterval = 2

/** `worker-online` now, `worker-heartbeat` every 2 seconds, `worker-offline` at the end. */
export function startHeartbeat(dispatcher: EventDispatcher, vitals: () => Vitals): Heartbeat {
  const tell = (type: WorkerEventType) => sendVitals(dispatcher, type, vitals())
  tell('worker-online')
  let timer: NodeJS.Timeout | undefined = setInterval(tell, heartbeatInterval * 1000, 'worker-heartbeat')
  timer.unref()
  return {
    stop() {
      if (timer === undefined) return
      clearInterval(timer)
      timer = undefined
      tell('worker-offline')
    },
  }
}

export type WorkerEventType = 'worker-online' | 'worker-heartbeat' | 'worker-offline'

export function sendVitals(dispatcher: EventDispatcher, type: WorkerEventType, vitals: Vitals): void {
  dispatcher.send(type, {
    freq: heartbeatInterval,
    ...vitals,
    loadavg: loadavg().map((load) => Math.ceil(load * 100) / 100),
    ...softwareInfo(),
  })
}
