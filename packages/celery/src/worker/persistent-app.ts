import type { AppCore } from '../app/app-core.ts'
import type { ResultStore } from '../results/port.ts'
import { persist } from './persist.ts'
import type { Runtime } from './runtime.ts'

type Persist = <T>(effect: () => Promise<T>) => Promise<T>

/**
 * The app, to send and keep what comes of a task: each message and each word to the result store is tried again by
 * itself while servers are down. What has one part that cannot be sent yet does not send the others again for it, and a
 * message has the same id however often it is tried. Rejects as `persist` does.
 */
export function persistentApp(runtime: Runtime, what: string, taskId: string): AppCore {
  const { app } = runtime
  const again: Persist = (effect) => persist(runtime, what, taskId, effect)
  return {
    options: app.options,
    tasks: app.tasks,
    clock: app.clock,
    processId: app.processId,
    broker: () => app.broker(),
    queue: (name) => app.queue(name),
    publishTask: (...args) => again(() => app.publishTask(...args)),
    async results() {
      const store = await again(() => app.results())
      return store && persistentStore(store, again)
    },
  }
}

/** What counts every time it is asked is not tried again: a first try may have come through. */
function persistentStore(store: ResultStore, again: Persist): ResultStore {
  return {
    kind: store.kind,
    open: () => store.open(),
    close: () => store.close(),
    describe: () => store.describe(),
    store: (meta) => again(() => store.store(meta)),
    get: (ids) => again(() => store.get(ids)),
    forget: (ids) => again(() => store.forget(ids)),
    watch: (ids, onMeta) => store.watch(ids, onMeta),
    storeGroup: (id, result) => again(() => store.storeGroup(id, result)),
    getGroup: (id) => again(() => store.getGroup(id)),
    forgetGroup: (id) => again(() => store.forgetGroup(id)),
    setChordSize: (id, size) => again(() => store.setChordSize(id, size)),
    growChord: (id, by) => store.growChord(id, by),
    addChordPart: (id, part) => again(() => store.addChordPart(id, part)),
    forgetChord: (id) => again(() => store.forgetChord(id)),
    countStart: (id, mark) => store.countStart(id, mark),
    forgetStarts: (id) => store.forgetStarts(id),
  }
}
