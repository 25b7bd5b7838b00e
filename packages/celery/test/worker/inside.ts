import type { Celery } from '../../src/create-celery.ts'
import { Consumers } from '../../src/worker/consumers.ts'
import { createRuntime, windowOf } from '../../src/worker/create-runtime.ts'
import { settingsOf } from '../../src/worker/options.ts'
import { receive } from '../../src/worker/receive.ts'
import { Shutdown } from '../../src/worker/shutdown.ts'
import { RunningSurface } from '../../src/worker/worker-surface.ts'

/** A worker's inside, to which a test hands its messages by `receive`. */
export async function insideOf(app: Celery, { withResults = true } = {}) {
  const connected = {
    broker: await app.broker(),
    results: withResults ? await app.results() : undefined,
  }
  const runtime = createRuntime(app, settingsOf(app, { concurrency: 4 }), {}, connected)
  const consumers = new Consumers({
    broker: runtime.broker,
    log: runtime.log,
    onDelivery: (delivery) => receive(runtime, delivery),
    window: () => windowOf(runtime),
  })
  const shutdown = new Shutdown(runtime, consumers, async () => {})
  const surface = new RunningSurface({ runtime, consumers, stop() {} })
  return { runtime, shutdown, surface }
}
