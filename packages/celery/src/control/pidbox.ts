import { CeleryError } from '../errors.ts'
import { createEventDispatcher } from '../events/dispatcher.ts'
import type { WireMessage } from '../protocol/message.ts'
import type { WorkerSurface } from '../worker/surface.ts'
import type { Command, CommandContext } from './command.ts'
import { commands } from './commands/index.ts'
import { adjustClock, castTo, mail, pidboxExchange } from './mailbox.ts'
import { type ControlRequest, readRequest } from './request.ts'

/** Requests that wait for those before them; further ones are dropped. */
const maxWaiting = 1_000

/**
 * Serves remote control for this worker: `celery inspect`, `celery control`, Flower, and the control client of this
 * package. Rejects when another worker of the same name is there already.
 */
export async function servePidbox(worker: WorkerSurface): Promise<{ stop(): Promise<void> }> {
  const { app, broker, hostname } = worker
  const { log, now } = app.options
  const events = createEventDispatcher({ broker, clock: app.clock, hostname, log, now })
  const context: CommandContext = { worker, events }
  const underWay = new Set<Promise<void>>()
  /** What changes something is done in order; what only looks need not wait for it. */
  let lastChange: Promise<void> = Promise.resolve()

  function onMessage(message: WireMessage): void {
    adjustClock(app.clock, message.headers)
    const request = read(message)
    if (request === undefined) return
    if (underWay.size >= maxWaiting) {
      log.warn({}, 'too much remote control at once: a request was dropped')
      return
    }
    const command = findCommand(request.method)
    const work = () => answer(context, request, command)
    const done = command?.kind === 'control' ? lastChange.then(work) : work()
    if (command?.kind === 'control') lastChange = done
    underWay.add(done)
    void done.then(() => underWay.delete(done))
  }

  function read(message: WireMessage): ControlRequest | undefined {
    try {
      return readRequest(message, hostname)
    } catch (error) {
      log.warn({ error }, 'a request of remote control could not be read')
      return undefined
    }
  }

  const listening = await broker.listen({
    exchange: pidboxExchange,
    routingKey: '',
    queue: `${hostname}.celery.pidbox`,
    onMessage,
  })
  return {
    async stop() {
      await listening.stop()
      await Promise.all(underWay)
      await events.close()
    },
  }
}

function findCommand(method: string): Command | undefined {
  return Object.hasOwn(commands, method) ? commands[method] : undefined
}

/** Runs the command and sends what came of it; never rejects. */
async function answer(
  context: CommandContext,
  request: ControlRequest,
  command: Command | undefined,
): Promise<void> {
  const { log } = context.worker.app.options
  try {
    await reply(context.worker, request, await outcome(context, request, command))
  } catch (error) {
    log.warn({ error, method: request.method }, 'a reply of remote control could not be sent')
  }
}

async function outcome(
  context: CommandContext,
  request: ControlRequest,
  command: Command | undefined,
): Promise<unknown> {
  try {
    if (command === undefined)
      throw new CeleryError('UNSUPPORTED', `No such control command: ${request.method.slice(0, 100)}`)
    return await command.run(context, request.arguments)
  } catch (error) {
    context.worker.app.options.log.warn({ error, method: request.method }, 'remote control refused')
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

async function reply({ app, broker, hostname }: WorkerSurface, request: ControlRequest, content: unknown) {
  const { replyTo, ticket } = request
  if (replyTo === undefined) return
  const headers = { ticket, clock: app.clock.forward() }
  const exchange = { name: replyTo.exchange, type: 'direct' } as const
  await broker.cast(mail({ [hostname]: content ?? null }, headers), castTo(exchange, replyTo.routingKey))
}
