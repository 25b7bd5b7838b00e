import { nowOf, type Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { addHistory, historyHeader, lossesHeader } from './history.ts'

/** Seconds before the first further try of a task that was lost, and at most. */
const firstWait = 1
const maxWait = 60

/** Parks the message of a run that was lost for its next try, marked with how often that has happened now. */
export async function comeBack(
  runtime: Runtime,
  request: TaskRequest,
  losses: number,
  { event, detail }: { event: string; detail: string },
): Promise<void> {
  const { delivery } = request
  const { headers } = delivery.message
  const now = nowOf(runtime)
  const history = addHistory(headers, { at: new Date(now).toISOString(), event, detail })
  const until = new Date(now + Math.min(maxWait, firstWait * 2 ** (losses - 1)) * 1_000)
  request.isLeaving = true
  await delivery.delay(until, { ...headers, [historyHeader]: history, [lossesHeader]: losses })
}
