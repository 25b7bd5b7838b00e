import type { ReadyEntry } from './entry.ts'
import { runId } from './run-id.ts'
import type { EntryState, Run } from './store.ts'

export interface Decision {
  runs: Run[]
  /** A run that fell due but is too late by now. */
  tooLate: Date | undefined
  /** When the entry is due next; undefined while it is paused or not enabled. */
  next: Date | undefined
}

/** What is to be sent for an entry now: at most the last of its due runs, and one asked for by hand. */
export function decide(entry: ReadyEntry, state: EntryState, now: Date): Decision {
  const { name, schedule, timeZone } = entry
  const manual = state.triggered ? [makeRun(name, state.triggered, true)] : []
  if (!entry.enabled || state.paused) return { runs: manual, tooLate: undefined, next: undefined }

  const due = schedule.latest(state.since, now, timeZone)
  const next = schedule.next(due ?? state.since, timeZone)
  if (due === undefined) return { runs: manual, tooLate: undefined, next }
  if (now.getTime() - due.getTime() > entry.startingDeadline * 1000)
    return { runs: manual, tooLate: due, next }
  return { runs: [makeRun(name, due, false), ...manual], tooLate: undefined, next }
}

function makeRun(entry: string, due: Date, manual: boolean): Run {
  return { entry, due, manual, taskId: runId(entry, due, manual) }
}
