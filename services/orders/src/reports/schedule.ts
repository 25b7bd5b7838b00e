import { type BeatEntry, crontab } from '@colophon/celery'
import { ordersQueue } from '../tasks/index.ts'

/**
 * The entries of beat for the nightly reports: after midnight in UTC, when the day before is over, and refunds that hung
 * at its end are done.
 */
export const reportEntries: Readonly<Record<string, BeatEntry>> = {
  'nightly reports': {
    task: 'reports.nightly',
    schedule: crontab({ hour: 2, minute: 15 }),
    timeZone: 'UTC',
    options: { queue: ordersQueue },
  },
}
