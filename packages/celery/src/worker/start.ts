import type { TaskState } from '../results/port.ts'
import { crashed } from './finish/crash.ts'
import { done } from './finish/done.ts'
import { lossesHeader } from './finish/history.ts'
import { failAsLost } from './finish/lose.ts'
import { endRevoked } from './finish/revoke.ts'
import { acknowledgeFirst, giveBack } from './finish/settle.ts'
import { persist } from './persist.ts'
import type { Slots } from './queueing/slots.ts'
import { run } from './run/run.ts'
import type { Runtime } from './runtime.ts'
import { killsAmong, startsBefore } from './start-count.ts'
import type { TaskRequest } from './task-request.ts'
import { whyNot } from './why-not.ts'

/** Who may have killed a worker so often is begun with nothing else beside it. */
const suspectAfter = 2

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
  const { alone } = runtime.turns
  if (alone) {
    void alone.then(() => beginAfter(runtime, request))
    return
  }
  if (request.profile.isLate && !isMarked(request)) {
    run(runtime, request)
    return
  }
  prepareAndRun(runtime, request).catch((error: unknown) => crashed(runtime, request, error))
}

/** What had the worker to itself has no longer. Never throws. */
async function beginAfter(runtime: Runtime, request: TaskRequest): Promise<void> {
  try {
    if (await isToStay(runtime, request)) begin(runtime, request)
  } catch (error) {
    await crashed(runtime, request, error)
  }
}

/** False when the worker has stopped while it waited to begin: it goes back then. */
async function isToStay(runtime: Runtime, request: TaskRequest): Promise<boolean> {
  if (request.isDecided) return false
  if (!goesBack(runtime, request)) return true
  await giveBack(runtime, request)
  done(runtime, request)
  return false
}

/** What is acknowledged cannot, and is run. */
function goesBack({ isStopping }: Runtime, { acknowledged }: TaskRequest): boolean {
  return isStopping && !acknowledged
}

async function prepareAndRun(runtime: Runtime, request: TaskRequest): Promise<void> {
  if (wasBegun(request)) return await startAgain(runtime, request)
  request.isUnderWay = true
  const isToRun = isMarked(request)
    ? await prepare(runtime, request)
    : await acknowledgeEarly(runtime, request)
  if (isToRun) await runIfStillWanted(runtime, request)
}

/**
 * One at a time. On RabbitMQ a message that goes round to be counted may be here again before its acknowledgement is
 * out: begun then, a killer would leave both.
 */
async function startAgain(runtime: Runtime, request: TaskRequest): Promise<void> {
  const { turns, requests } = runtime
  const endTurn = await turns.next()
  try {
    if (!(await isToStay(runtime, request))) return
    const starts = await prepareAgain(runtime, request)
    if (starts === undefined) return
    const beginIt = () => runIfStillWanted(runtime, request)
    if (killsAmong(starts, request) < suspectAfter) return await beginIt()
    const isOver = () => request.hasRun || request.isDecided || !requests.has(request)
    const isFree = () => isOver() || goesBack(runtime, request) || ![...requests].some(isRunning)
    await turns.isolate(beginIt, isFree, isOver)
  } finally {
    endTurn()
  }
}

/** Or about to: what is acknowledged and has not begun would be lost as well. */
function isRunning({ isUnderWay, context, hasRun, isDecided }: TaskRequest): boolean {
  return (isUnderWay || context !== undefined) && !hasRun && !isDecided
}

/** What had to be asked or told first may have waited for a server, or for others to end, for long. */
async function runIfStillWanted(runtime: Runtime, request: TaskRequest): Promise<void> {
  if (!(await isToStay(runtime, request))) return
  const how = whyNot(runtime, request)
  if (how) endRevoked(runtime, request, how)
  else run(runtime, request)
}

/** Its message has waited for a time of its own, or was delivered before: something is asked before it may run. */
function isMarked(request: TaskRequest): boolean {
  return Boolean(request.message.headers.eta) || wasBegun(request)
}

function wasBegun({ delivery: { redelivered }, message: { headers } }: TaskRequest): boolean {
  return redelivered || headers[lossesHeader] !== undefined
}

/** False when it is not to run: it is dealt with then. */
async function prepare(runtime: Runtime, request: TaskRequest): Promise<boolean> {
  if (!(await isStillWanted(runtime, request))) return false
  return request.profile.isLate || (await acknowledgeEarly(runtime, request))
}

/** As `prepare`, and answers how often it was begun before; undefined when it is not to run. */
async function prepareAgain(runtime: Runtime, request: TaskRequest): Promise<number | undefined> {
  if (!(await isStillWanted(runtime, request))) return undefined
  // Counted early as well: what kills its worker before the acknowledgement is out must not go round for ever.
  const starts = await startsWithinLimit(runtime, request)
  if (starts === undefined || request.profile.isLate) return starts
  return (await acknowledgeEarly(runtime, request)) ? starts : undefined
}

/** Revoked while it waited, only the result store may still know of it: workers that were told have ended or forgotten. */
async function isStillWanted(runtime: Runtime, request: TaskRequest): Promise<boolean> {
  if ((await storedState(runtime, request)) !== 'REVOKED') return !request.isDecided
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

async function startsWithinLimit(runtime: Runtime, request: TaskRequest): Promise<number | undefined> {
  const before = await startsBefore(runtime, request)
  // Revoked while that was asked, it has its end.
  if (before === undefined || request.isDecided) return undefined
  if (request.delivery.isLost) {
    // Lost while that was asked: it comes again.
    done(runtime, request)
    return undefined
  }
  if (before < runtime.settings.maxDeliveries) return before
  request.isDecided = true
  await failAsLost(runtime, request, before, 'its message was never settled')
  done(runtime, request)
  return undefined
}
