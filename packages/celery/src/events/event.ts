/** One event as it travels: what happened to a task or a worker, told to whoever watches. */
export interface CeleryEvent {
  /** `task-succeeded`, `worker-heartbeat`, or a name of the sender's own; what stands before the dash is its group. */
  type: string
  hostname: string
  /** Seconds since 1970, by the sender's clock. */
  timestamp: number
  /** Hours that the sender's time zone is west of UTC. */
  utcoffset: number
  pid: number
  /** Lamport's clock, by which Celery orders events. */
  clock: number
  [field: string]: unknown
}

export const eventExchange = { name: 'celeryev', type: 'topic' } as const

export function groupOf(type: string): string {
  const dash = type.indexOf('-')
  return dash === -1 ? type : type.slice(0, dash)
}

export function routingKeyOf(type: string): string {
  return type.replaceAll('-', '.')
}

/**
 * Python's watchers move a timestamp by the difference between this and their own offset, although both count from
 * 1970; so it has to be this machine's true offset, and machines of one zone show the times of each other unmoved.
 */
export function utcOffset(at: Date): number {
  return at.getTimezoneOffset() / 60
}
