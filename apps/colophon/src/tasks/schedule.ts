import { type BeatEntry, crontab, interval } from '@colophon/celery'
import { reportEntries } from '@colophon/orders'

/** What is done by the clock, in UTC. The names identify the entries in beat's store: they stay. */
export const schedule: Record<string, BeatEntry> = {
  ...reportEntries,
  // One that is not begun when the next is sent has nothing to do any more.
  'orders that stand still': {
    task: 'orders.sweep',
    schedule: interval(15),
    options: { expires: 15 },
    catchUp: 'none',
  },
  'what was lost beside orders': {
    task: 'orders.reconcile',
    schedule: interval(300),
    options: { expires: 300 },
    catchUp: 'none',
  },
  'idempotency keys that are over': {
    task: 'orders.forget_keys',
    schedule: crontab({ minute: 7 }),
    options: { expires: 3_600 },
  },
  'reports of years ago': {
    task: 'orders.forget_reports',
    schedule: crontab({ hour: 3, minute: 37 }),
    options: { expires: 3_600 },
  },
}
