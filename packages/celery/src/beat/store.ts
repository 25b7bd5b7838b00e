import type { SqlClient } from '../brokers/port.ts'

/**
 * Where schedulers keep what they have sent, so that any number of them send each run once. Every implementation
 * passes `testing/schedule-contract.ts`. All of them answer or reject within a deadline.
 */
export interface ScheduleStore {
  readonly kind: 'redis' | 'postgres' | 'memory'
  /** Connects. Rejects when it cannot be reached; safe to call twice. */
  open(): Promise<void>
  close(): Promise<void>
  /**
   * What the store is connected to, for telling whether the broker is the same database; undefined where that is not
   * known, and then they are never the same. Never a password.
   */
  describe(): { hostname: string; port: number; database: string } | undefined

  /**
   * Makes these entries known: a new one begins now, by the store's clock; one that is there goes on. Said again
   * every minute by each scheduler: what none has said for a week is removed with its runs.
   */
  register(entries: readonly EntryText[]): Promise<void>
  /** What is known of every entry, and the store's time, which is that of all schedulers. */
  read(): Promise<{ now: Date; entries: EntryState[] }>
  /**
   * Calls `send` if this run is due by the store's clock and nobody has sent it or is sending it, and keeps that it
   * was sent. When `send` rejects, so does this, and the run can be sent again. Resolves to whether `send` was called.
   * A store in which sending can be part of keeping it passes the transaction to send in.
   */
  sendOnce(run: Run, send: (transaction?: SqlClient) => Promise<void>): Promise<boolean>
  /**
   * A paused entry has no runs but those asked for by hand. One that is resumed begins anew: its next run is counted
   * from now. False when there is no such entry.
   */
  setPaused(name: string, paused: boolean): Promise<boolean>
  /** Asks the schedulers for a run as soon as possible; asked twice before it is sent, it is sent once. */
  trigger(name: string): Promise<boolean>
}

/** An entry as people read it. */
export interface EntryText {
  name: string
  task: string
  schedule: string
  /** Where its runs are sent, without user and password. Empty when a scheduler that did not tell has made it known. */
  broker: string
}

/** What the store knows of an entry. */
export interface EntryState extends EntryText {
  paused: boolean
  /** From when the next due time is counted: the due time of the last run, or when the entry began or was resumed. */
  since: Date
  /** The due time of the last run by schedule. */
  lastDue: Date | undefined
  /** When a run was last sent, one asked for by hand included. */
  lastSent: Date | undefined
  /** How many runs were sent, those asked for by hand included. */
  runs: number
  /** A run was asked for by hand and is not sent yet. */
  triggered: Date | undefined
  /** When a scheduler last had this entry. */
  seen: Date
}

/** One sending of an entry. */
export interface Run {
  entry: string
  /** The nominal time; for one asked for by hand, when it was. */
  due: Date
  manual: boolean
  taskId: string
}

/** Seconds that a scheduler has to send a run it has claimed, before another may: a broker has 10 to take a message. */
export const claimTtl = 30
/** How many runs a scheduler sends at a time. */
export const sendsAtOnce = 4
/** Seconds that entries which no scheduler has, and what is kept of each run, stay. */
export const retention = 7 * 86_400
