import { longestTimer } from '../async/timer.ts'
import { done } from './finish/done.ts'
import { endRevoked } from './finish/revoke.ts'
import { giveBack } from './finish/settle.ts'
import { isWorthAnother } from './persist.ts'
import { nowOf, type Runtime } from './runtime.ts'
import type { TaskRequest } from './task-request.ts'
import { whyNot } from './why-not.ts'

/** Milliseconds up to which a message is held here: what the broker had parked may come a second early. */
const holdAtMost = 1_500
/** Milliseconds after which what the broker did not park is offered to it again: at first, and at most. */
const parkAgainAfter = 10_000
const parkAgainAtMost = 60_000

/** Begins the request at its time: parked at the broker until shortly before, or held here. */
export function schedule(runtime: Runtime, request: TaskRequest, eta: Date): void {
  const wait = eta.getTime() - nowOf(runtime)
  if (wait <= 0) release(runtime, request)
  else if (wait <= holdAtMost) hold(runtime, request, eta)
  else if (runtime.settings.holdEta) holdLong(runtime, request, eta)
  else void park(runtime, request, eta)
}

/** For a rate limit first, if there is one, and then for a slot. */
export function enqueue(runtime: Runtime, request: TaskRequest): void {
  request.status = 'waiting'
  const { task } = request
  runtime.totals.set(task, (runtime.totals.get(task) ?? 0) + 1)
  runtime.limiter.enter(task, request)
}

/** Here until its time, or for so many milliseconds, after which it is seen what to do with it then. */
function hold(runtime: Runtime, request: TaskRequest, eta: Date, atMost = longestTimer): void {
  request.status = 'held'
  request.eta = eta
  const wait = Math.max(0, eta.getTime() - nowOf(runtime))
  request.timer = setTimeout(
    () => {
      if (wait > atMost) schedule(runtime, request, eta)
      else release(runtime, request)
    },
    Math.min(wait, atMost),
  )
}

/** Python's way: each message that is held for long is one more that may be in hand. */
function holdLong(runtime: Runtime, request: TaskRequest, eta: Date, atMost?: number): void {
  runtime.heldLong.add(request)
  hold(runtime, request, eta, atMost)
  runtime.onHeldChanged()
}

/** Its time has come, or it is not to wait any longer. */
export function release(runtime: Runtime, request: TaskRequest): void {
  unhold(runtime, request)
  enqueue(runtime, request)
}

export function unhold(runtime: Runtime, request: TaskRequest): void {
  request.clearTimers()
  if (runtime.heldLong.delete(request)) runtime.onHeldChanged()
}

async function park(runtime: Runtime, request: TaskRequest, eta: Date): Promise<void> {
  const { delivery } = request
  request.status = 'held'
  request.eta = eta
  request.isLeaving = true
  try {
    // For as long as is left of it: brokers go by the clock of this process, which need not be the app's.
    await delivery.delay(new Date(Date.now() + eta.getTime() - nowOf(runtime)))
  } catch (error) {
    request.isLeaving = false
    // Revoked meanwhile, it was let go, as it was on its way out.
    const how = whyNot(runtime, request)
    if (how) {
      unhold(runtime, request)
      endRevoked(runtime, request, how)
      return
    }
    if (!runtime.isStopping) return holdUnparked(runtime, request, eta, error)
    await giveBack(runtime, request)
    done(runtime, request)
    return
  }
  if (!delivery.isLost) runtime.parked.add(request, eta, delivery.message.body.length)
  done(runtime, request)
}

/** Offered again later, unless it will never be parked, such as for want of a right: then for as long as it takes. */
function holdUnparked(runtime: Runtime, request: TaskRequest, eta: Date, error: unknown): void {
  const { log } = runtime
  const { id, unparked } = request
  const isTriedAgain = isWorthAnother(error, unparked)
  // Said once, however often it is tried.
  const level = !isTriedAgain ? 'error' : unparked > 0 ? 'debug' : 'warn'
  log[level]({ err: error, id, isTriedAgain }, 'a message could not be parked, and is held here')
  request.unparked++
  holdLong(runtime, request, eta, isTriedAgain ? pauseAfter(runtime, unparked) : undefined)
}

/** Longer each time; the half of it is left to chance, so that not all that was refused at once is offered at once. */
function pauseAfter({ settings }: Runtime, attempt: number): number {
  const pause = Math.min(parkAgainAtMost, parkAgainAfter * 2 ** attempt)
  return (pause * (1 + settings.random())) / 2
}
