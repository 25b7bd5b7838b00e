import { createControlClient } from '../../../src/control/client.ts'
import { servePidbox } from '../../../src/control/pidbox.ts'
import { createCelery } from '../../../src/create-celery.ts'
import { recordingLog } from '../../events/support/recording-log.ts'
import { FakeWorker } from './fake-worker.ts'

export type ControlFixture = Awaited<ReturnType<typeof startControl>>

/** A worker that does nothing, served by remote control, and a client; on a broker in memory of their own. */
export async function startControl() {
  const log = recordingLog()
  const app = createCelery({
    broker: 'memory:',
    results: 'memory:',
    log,
    queues: [{ name: 'feeds', exchange: { name: 'books', type: 'topic' }, routingKey: 'feeds.#' }],
  })
  app.task({ name: 'tasks.add', params: ['x', 'y'], run: ({ x, y }: { x: number; y: number }) => x + y })
  const broker = await app.broker()
  const worker = new FakeWorker(app, broker)
  const pidbox = await servePidbox(worker)
  const control = createControlClient(app)

  /** What the worker answers. */
  async function ask(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const replies = await control.broadcast(command, args, { reply: true, limit: 1, timeout: 5 })
    return replies[worker.hostname]
  }

  async function stop() {
    await control.close()
    await pidbox.stop()
    await app.close()
  }
  return { app, broker, worker, control, log, ask, stop }
}
