import { formatTime } from '../../protocol/time.ts'
import type { ScheduledInfo } from '../../worker/surface.ts'
import type { Command } from '../command.ts'
import { requestInfo } from '../request-info.ts'

/** What Celery's timer gives every task with an ETA; it says nothing of the message's priority. */
const timerPriority = 6

export const scheduled: Command = {
  kind: 'inspect',
  help: 'Lists the tasks that wait for their ETA.',
  run: ({ worker }) => worker.scheduled().map((item) => scheduledInfo(item, worker.hostname)),
}

/** The header has the microseconds that a `Date` has not. */
function scheduledInfo({ eta, request }: ScheduledInfo, hostname: string): Record<string, unknown> {
  return {
    eta: request.message.headers.eta ?? formatTime(eta),
    priority: timerPriority,
    request: requestInfo(request, hostname),
  }
}
