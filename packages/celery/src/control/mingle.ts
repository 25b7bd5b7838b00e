import type { AppCore } from '../app/app-core.ts'
import { pause } from '../async/pause.ts'
import { isRecord } from '../protocol/shape.ts'
import type { WorkerSurface } from '../worker/surface.ts'
import { revokedIds } from './commands/hello.ts'
import { pidboxExchange } from './mailbox.ts'
import { createMailboxClient, type MailboxClient, twoOfOneName } from './mailbox-client.ts'

/** Seconds after the start: by then others that started with it serve remote control. */
const lookAgainAfter = 5

/**
 * Asks the other workers, as Celery's do when they start, for the ids that were revoked and for their clock, and gives
 * them ours. Waits `timeout` seconds (1 when absent) for answers, or until all have answered where the broker tells how
 * many there are; without any, or without a broker, nothing changes. To be done before this worker serves remote control
 * itself: then who answers by its name is another.
 * @returns whether another has its name, which is logged
 */
export async function mingle(worker: WorkerSurface, timeout = 1): Promise<boolean> {
  const { app, broker, hostname } = worker
  const others = broker.listeners?.(pidboxExchange.name)
  if (others === 0) return false
  let hasNamesake = false
  const mailbox = createMailboxClient(app)
  try {
    const replies = await mailbox.broadcast(
      'hello',
      { from_node: hostname, revoked: worker.revoked() },
      { reply: true, timeout, ...(others !== undefined && { limit: others }) },
    )
    for (const [node, reply] of Object.entries(replies)) {
      if (node === hostname) {
        // This worker does not hear itself ask.
        hasNamesake = true
        app.options.log.warn({ host: node }, twoOfOneName)
        continue
      }
      if (!isRecord(reply)) continue
      if (Number.isSafeInteger(reply.clock)) app.clock.adjust(Number(reply.clock))
      await worker.revoke(revokedIds(reply.revoked), { terminate: false, signal: 'SIGTERM' })
    }
  } catch (error) {
    app.options.log.warn({ err: error }, 'the other workers could not be asked what was revoked')
  } finally {
    await close(mailbox, app)
  }
  return hasNamesake
}

/**
 * Looks once more, when this worker serves remote control itself, whether another has its name: two that start at the
 * same time ask before either answers. `after` and `timeout` are in seconds. Nobody waits for it but who stops it.
 */
export function lookForNamesake(
  worker: WorkerSurface,
  after = lookAgainAfter,
  timeout = 1,
): { looked: Promise<void>; stop(): Promise<void> } {
  const { app, hostname } = worker
  const stopping = new AbortController()

  async function look(): Promise<void> {
    if (!(await pause(after, stopping.signal))) return
    const mailbox = createMailboxClient(app)
    try {
      // Two answers by one name are what the mailbox warns of; one is this worker's own.
      await mailbox.broadcast('ping', {}, { destination: hostname, reply: true, limit: 2, timeout })
    } catch (error) {
      app.options.log.debug({ err: error }, 'whether another worker has the same name could not be asked')
    } finally {
      await close(mailbox, app)
    }
  }

  const looked = look()
  return {
    looked,
    async stop() {
      stopping.abort()
      await looked
    },
  }
}

async function close(mailbox: MailboxClient, { options }: AppCore): Promise<void> {
  await mailbox.close().catch((error: unknown) => {
    options.log.debug({ err: error }, "the queue of the others' answers is left behind")
  })
}
