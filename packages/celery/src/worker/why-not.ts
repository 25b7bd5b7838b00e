import { parseTime } from '../protocol/time.ts'
import type { Revocation } from './events.ts'
import { nowOf, type Runtime } from './runtime.ts'
import type { TaskRequest } from './task-request.ts'

/** Why a request is not to be run, if there is a reason. */
export function whyNot(runtime: Runtime, { message }: TaskRequest): Revocation | undefined {
  const { headers } = message
  const { expires } = headers
  const now = nowOf(runtime)
  if (expires) {
    const end = parseTime(expires)
    if (end && now > end.getTime()) return { terminated: false, signum: null, expired: true }
  }
  if (!runtime.revocations.has(headers, now)) return undefined
  return { terminated: false, signum: null, expired: false }
}
