import type { AppCore } from '../app/app-core.ts'
import { forEachBounded } from '../async/for-each-bounded.ts'
import type { BeatHooks } from './beat.ts'
import { type Decision, decide } from './due.ts'
import type { ReadyEntry } from './entry.ts'
import { isSameText, textOf } from './entry-text.ts'
import { sendRun } from './send-run.ts'
import { type EntryState, type Run, type ScheduleStore, sendsAtOnce } from './store.ts'

export interface TickContext {
  app: AppCore
  store: ScheduleStore
  entries: ReadonlyMap<string, ReadyEntry>
  hooks: BeatHooks
  /** The last run of each entry that was left out as too late, so that it is told once. */
  leftOut: Map<string, number>
  /** Where runs are sent, as the store was told. */
  broker: string
  /** What another scheduler has said of each entry since the store had it as it is here, so that it is told once. */
  others: Map<string, string>
  /** Milliseconds that only ever grow. */
  elapsed(): number
}

/** Seconds until what could not be sent, or somebody else is sending, is looked at again. */
const retryPause = 1

/** Sends what is due by the store's clock, and returns in how many seconds there is more to do. */
export async function tick(context: TickContext): Promise<number> {
  const { store, entries, elapsed } = context
  const asked = elapsed()
  const { now, entries: states } = await store.read()
  const known = states.flatMap((state) => {
    const entry = entries.get(state.name)
    if (entry) tellOther(context, entry, state)
    const decision = entry && decideFor(context, entry, state, now)
    return decision ? [{ entry, decision }] : []
  })
  for (const { entry, decision } of known) tellLeftOut(context, entry, decision)

  const due = known.flatMap(({ entry, decision }) => decision.runs.map((run) => ({ entry, run })))
  due.sort((a, b) => a.run.due.getTime() - b.run.due.getTime())
  const nowThen = () => new Date(now.getTime() + elapsed() - asked)
  let allSent = true
  await forEachBounded(due, sendsAtOnce, async ({ entry, run }) => {
    if (!(await send(context, entry, run, nowThen))) allSent = false
  })

  const next = Math.min(...known.map(({ decision }) => decision.next?.getTime() ?? Number.POSITIVE_INFINITY))
  const wait = Math.max(0, next - nowThen().getTime()) / 1000
  return allSent ? wait : Math.min(wait, retryPause)
}

/** One entry whose schedule fails must not keep the others from being sent. */
function decideFor(
  { app }: TickContext,
  entry: ReadyEntry,
  state: EntryState,
  now: Date,
): Decision | undefined {
  try {
    return decide(entry, state, now)
  } catch (error) {
    app.options.log.error({ entry: entry.name, err: error }, 'beat: the schedule has no next time')
    return undefined
  }
}

async function send(context: TickContext, entry: ReadyEntry, run: Run, now: () => Date): Promise<boolean> {
  const { app, store, hooks } = context
  const { log } = app.options
  const told = { ...run, task: entry.call.name }
  const fields = { entry: run.entry, task: entry.call.name, taskId: run.taskId, due: run.due.toISOString() }
  try {
    const wasSent = await store.sendOnce(run, (transaction) => sendRun(app, store, entry, run, transaction))
    if (!wasSent) return false
  } catch (error) {
    log.error({ ...fields, err: error }, 'beat: could not send; it is tried again')
    callHook(context, entry, () => hooks.failed?.(told, error))
    return false
  }
  const lateness = Math.max(0, now().getTime() - run.due.getTime()) / 1000
  log.info({ ...fields, manual: run.manual, lateness }, 'beat: sent')
  callHook(context, entry, () => hooks.sent?.({ ...told, lateness }))
  return true
}

/** One that throws, which none should, is a mistake of its own and no failure to send. */
function callHook({ app }: TickContext, { name }: ReadyEntry, call: () => void): void {
  try {
    call()
  } catch (error) {
    app.options.log.error({ entry: name, err: error }, 'beat: a hook has failed')
  }
}

/**
 * Whichever of the two is first takes the run, so that both miss some. Not told by who has just replaced the other; nor
 * of what the store has from before this one started, as its own may have to wait.
 */
function tellOther({ app, broker, others }: TickContext, entry: ReadyEntry, state: EntryState): void {
  const own = textOf(entry, broker)
  const told = others.get(entry.name)
  if (isSameText(own, state)) return void others.set(entry.name, told ?? '')
  const { task, schedule, broker: otherBroker } = state
  const other = { task, schedule, broker: otherBroker }
  const said = JSON.stringify(other)
  if (told === undefined || told === said) return
  others.set(entry.name, said)
  const { name, ...ours } = own
  app.options.log.warn(
    { entry: name, ours, other },
    "beat: another scheduler has this entry otherwise: they take each other's runs. Give each app a store of its own",
  )
}

function tellLeftOut(context: TickContext, entry: ReadyEntry, { tooLate }: Decision): void {
  const { app, hooks, leftOut } = context
  if (tooLate === undefined || leftOut.get(entry.name) === tooLate.getTime()) return
  leftOut.set(entry.name, tooLate.getTime())
  app.options.log.warn({ entry: entry.name, due: tooLate.toISOString() }, 'beat: left out, too late')
  callHook(context, entry, () => hooks.leftOut?.({ entry: entry.name, task: entry.call.name, due: tooLate }))
}
