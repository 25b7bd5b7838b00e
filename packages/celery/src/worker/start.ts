import type { TaskState } from '../results/port.ts'
import { crashed } from './finish/crash.ts'
import { done } from './finish/done.ts'
import { lossesHeader } from './finish/history.ts'
import { failAsLost } from './finish/lose.ts'
import { endRevoked } from './finish/revoke.ts'
import { acknowledgeFirst } from './finish/settle.ts'
import { persist } from './persist.ts'
import type { Slots } from './queueing/slots.ts'
import { run } from './run/run.ts'
import type { Runtime } from './runtime.ts'
import { startsBefore } from './start-count.ts'
import type { TaskRequest } from './task-request.ts'
import { whyNot } from './why-not.ts'

/** Begins a request that has just got a slot. Never throws. */
export function start(runtime: Runtime, request: TaskRequest, slots: Slots<TaskRequest>): void {
  request.slots = slots
  request.status = 'running'
  try {
    begin(runtime, request)
  } catch (error) {
    void crashed(runtime, request, error)
  }
}

function begin(runtime: Runtime, request: TaskRequest): void {
  if (request.delivery.isLost && !request.acknowledged) {
    // It comes again, here or elsewhere.
    done(runtime, request)
    return
  }
  const how = whyNot(runtime, request)
  if (how) {
    endRevoked(runtime, request, how)
    return
  }
  if (request.profile.isLate && !isMarked(request)) {
    run(runtime, request)
    return
  }
  const prepared = isMarked(request) ? prepare(runtime, request) : acknowledgeEarly(runtime, request)
  prepared.then(
    (isToRun) => {
      if (isToRun && !request.isSettled) runIfStillWanted(runtime, request)
    },
    (error: unknown) => crashed(runtime, request, error),
  )
}

/** What had to be asked or told first may have waited for a server for long. */
function runIfStillWanted(runtime: Runtime, request: TaskRequest): void {
  const how = whyNot(runtime, request)
  if (how) endRevoked(runtime, request, how)
  else run(runtime, request)
}

/** Its message has waited for a time of its own, or was delivered before: something is asked before it may run. */
function isMarked({ delivery: { redelivered }, message: { headers } }: TaskRequest): boolean {
  return redelivered || Boolean(headers.eta) || headers[lossesHeader] !== undefined
}

/** False when it is not to run: it is dealt with then. */
async function prepare(runtime: Runtime, request: TaskRequest): Promise<boolean> {
  const { isLate } = request.profile
  if (!(await isStillWanted(runtime, request))) return false
  // Counted early as well: what kills its worker before the acknowledgement is out must not go round for ever.
  if (!(await isWithinStarts(runtime, request))) return false
  return isLate || (await acknowledgeEarly(runtime, request))
}

/** Revoked while it waited, only the result store may still know of it: workers that were told have ended or forgotten. */
async function isStillWanted(runtime: Runtime, request: TaskRequest): Promise<boolean> {
  if ((await storedState(runtime, request)) !== 'REVOKED') return true
  endRevoked(runtime, request, { terminated: false, signum: null, expired: false })
  return false
}

async function storedState(runtime: Runtime, request: TaskRequest): Promise<TaskState | undefined> {
  const { results, log } = runtime
  const { id } = request
  if (!results) return undefined
  const read = () => results.get([id])
  if (!request.ignoresResult) return (await persist(runtime, 'reading a state', id, read))[0]?.status
  try {
    return (await read())[0]?.status
  } catch (error) {
    // It needs no store otherwise, so that it does not wait for one.
    log.warn({ err: error, id }, 'whether a task was revoked could not be read: it is run')
    return undefined
  }
}

async function acknowledgeEarly(runtime: Runtime, request: TaskRequest): Promise<boolean> {
  if (!request.delivery.isLost && (await acknowledgeFirst(runtime, request))) return true
  // It is run when its message comes again.
  done(runtime, request)
  return false
}

async function isWithinStarts(runtime: Runtime, request: TaskRequest): Promise<boolean> {
  const before = await startsBefore(runtime, request)
  if (before === undefined) return false
  if (request.delivery.isLost) {
    // Lost while that was asked: it comes again.
    done(runtime, request)
    return false
  }
  if (before < runtime.settings.maxDeliveries) return true
  request.isSettled = true
  await failAsLost(runtime, request, before, 'its message was never settled')
  done(runtime, request)
  return false
}
