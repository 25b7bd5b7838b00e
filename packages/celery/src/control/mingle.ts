import { isRecord } from '../protocol/shape.ts'
import type { WorkerSurface } from '../worker/surface.ts'
import { revokedIds } from './commands/hello.ts'
import { createMailboxClient, twoOfOneName } from './mailbox-client.ts'

/**
 * Asks the other workers, as Celery's do when they start, for the ids that were revoked and for their clock, and gives
 * them ours. Waits `timeout` seconds (1 when absent) for answers; without any, or without a broker, nothing changes. To be
 * done before this worker serves remote control itself: then who answers by its name is another.
 */
export async function mingle(worker: WorkerSurface, timeout = 1): Promise<void> {
  const { app, hostname } = worker
  const mailbox = createMailboxClient(app)
  try {
    const replies = await mailbox.broadcast(
      'hello',
      { from_node: hostname, revoked: worker.revoked() },
      { reply: true, timeout },
    )
    for (const [node, reply] of Object.entries(replies)) {
      // This worker does not hear itself ask.
      if (node === hostname) app.options.log.warn({ host: node }, twoOfOneName)
      if (node === hostname || !isRecord(reply)) continue
      if (Number.isSafeInteger(reply.clock)) app.clock.adjust(Number(reply.clock))
      await worker.revoke(revokedIds(reply.revoked), { terminate: false, signal: 'SIGTERM' })
    }
  } catch (error) {
    app.options.log.warn({ err: error }, 'the other workers could not be asked what was revoked')
  } finally {
    await mailbox.close().catch((error: unknown) => {
      app.options.log.debug({ err: error }, "the queue of the others' answers is left behind")
    })
  }
}
