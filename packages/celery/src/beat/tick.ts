import type { AppCore } from '../app/app-core.ts'
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
  const allSent = await each(due, ({ entry, run }) => send(context, entry, run, nowThen))

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
  const fields = { entry: run.entry, task: entry.call.name, taskId: run.taskId, due: run.due.toISOString() }
  try {
    const wasSent = await store.sendOnce(run, (transaction) => sendRun(app, store, entry, run, transaction))
    if (!wasSent) return false
    const lateness = Math.max(0, now().getTime() - run.due.getTime()) / 1000
    log.info({ ...fields, manual: run.manual, lateness }, 'beat: sent')
    hooks.sent?.({ ...run, task: entry.call.name, lateness })
    return true
  } catch (error) {
    log.error({ ...fields, err: error }, 'beat: could not send; it is tried again')
    hooks.failed?.({ ...run, task: entry.call.name }, error)
    return false
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

function tellLeftOut({ app, hooks, leftOut }: TickContext, entry: ReadyEntry, { tooLate }: Decision): void {
  if (tooLate === undefined || leftOut.get(entry.name) === tooLate.getTime()) return
  leftOut.set(entry.name, tooLate.getTime())
  app.options.log.warn({ entry: entry.name, due: tooLate.toISOString() }, 'beat: left out, too late')
  hooks.leftOut?.({ entry: entry.name, task: entry.call.name, due: tooLate })
}

/** Works through the items, a few at a time; whether all came out true. */
async function each<T>(items: T[], work: (item: T) => Promise<boolean>): Promise<boolean> {
  const queue = items.values()
  let all = true
  const worker = async () => {
    for (const item of queue) if (!(await work(item))) all = false
  }
  await Promise.all(Array.from({ length: Math.min(sendsAtOnce, items.length) }, worker))
  return all
}
