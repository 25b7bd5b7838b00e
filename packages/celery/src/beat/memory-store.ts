import { type EntryState, type EntryText, type Run, retention, type ScheduleStore } from './store.ts'

interface Entry extends EntryState {
  sending: boolean
}

/** A store of one process: for tests, and where there is one scheduler that may begin anew with each start. */
export function createMemorySchedules(now: () => Date = () => new Date()): ScheduleStore {
  const entries = new Map<string, Entry>()
  return {
    kind: 'memory',
    async open() {},
    async close() {},
    describe: () => undefined,
    async register(texts) {
      const seen = now()
      for (const text of texts) {
        const entry = entries.get(text.name)
        if (entry) Object.assign(entry, text, { seen })
        else entries.set(text.name, begun(text, seen))
      }
      for (const { name, seen: last } of entries.values()) {
        if (seen.getTime() - last.getTime() > retention * 1000) entries.delete(name)
      }
    },
    async read() {
      return { now: now(), entries: [...entries.values()].map(({ sending: _, ...state }) => state) }
    },
    async sendOnce(run, send) {
      const entry = entries.get(run.entry)
      if (!entry || entry.sending || !isOpen(entry, run, now())) return false
      entry.sending = true
      try {
        await send()
        Object.assign(entry, sent(entry, run, now()))
      } finally {
        entry.sending = false
      }
      return true
    },
    async setPaused(name, paused) {
      const entry = entries.get(name)
      if (entry && entry.paused !== paused)
        Object.assign(entry, paused ? { paused } : { paused, since: now() })
      return entry !== undefined
    },
    async trigger(name) {
      const entry = entries.get(name)
      if (entry) entry.triggered ??= now()
      return entry !== undefined
    },
  }
}

function begun(text: EntryText, now: Date): Entry {
  const never = { lastDue: undefined, lastSent: undefined, triggered: undefined }
  return { ...text, ...never, paused: false, since: now, runs: 0, seen: now, sending: false }
}

function isOpen(entry: EntryState, run: Run, now: Date): boolean {
  if (run.manual) return entry.triggered?.getTime() === run.due.getTime()
  return !entry.paused && entry.since < run.due && run.due <= now
}

function sent(entry: EntryState, run: Run, now: Date): Partial<EntryState> {
  const kept = { lastSent: now, runs: entry.runs + 1 }
  if (run.manual) return { ...kept, triggered: undefined }
  const since = new Date(Math.max(run.due.getTime(), entry.since.getTime()))
  return { ...kept, lastDue: run.due, since }
}
