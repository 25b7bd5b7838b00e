import { atMost } from '../async/within.ts'
import { CeleryError, reasonOf } from '../errors.ts'
import { createEventDispatcher, type EventDispatcher } from '../events/dispatcher.ts'
import type { Log } from '../log.ts'
import type { WireMessage } from '../protocol/message.ts'
import type { WorkerSurface } from '../worker/surface.ts'
import type { Command, CommandContext } from './command.ts'
import { commands } from './commands/index.ts'
import { keepListening } from './keep-listening.ts'
import { castTo, mail, pidboxExchange } from './mailbox.ts'
import { type ControlRequest, readRequest } from './request.ts'

/** Requests under way at a time, and as much work in the background; what is more is dropped. */
const maxUnderWay = 1_000
/** Seconds that a question waits for the changes that came before it. */
const questionPatience = 0.5
/** Seconds that a worker which stops waits for what is under way. */
const stopPatience = 5

/**
 * Serves remote control for this worker: `celery inspect`, `celery control`, Flower, and the control client of this
 * package. Where it cannot begin, it tries again, in the end once a minute: the worker works without it.
 */
export async function servePidbox(worker: WorkerSurface): Promise<{ stop(): Promise<void> }> {
  const { app, broker, hostname } = worker
  const pidbox = new Pidbox(worker)
  const listening = await keepListening(
    broker,
    {
      exchange: pidboxExchange,
      routingKey: '',
      queue: `${hostname}.celery.pidbox`,
      onMessage: (message) => pidbox.take(message),
    },
    app.options.log,
  )
  return {
    async stop() {
      await listening.stop()
      await pidbox.close()
    },
  }
}

class Pidbox {
  readonly #worker: WorkerSurface
  readonly #log: Log
  readonly #events: EventDispatcher
  readonly #context: CommandContext
  readonly #requests = new Set<Promise<void>>()
  readonly #background = new Set<Promise<void>>()
  /** Changes are made one after the other. */
  #lastChange: Promise<void> | undefined

  constructor(worker: WorkerSurface) {
    const { app, broker, hostname } = worker
    const { log, now } = app.options
    this.#worker = worker
    this.#log = log
    this.#events = createEventDispatcher({ broker, clock: app.clock, hostname, log, now })
    this.#context = { worker, events: this.#events, inBackground: (work) => this.#inBackground(work) }
  }

  take(message: WireMessage): void {
    this.#worker.app.clock.adjust(message.headers.clock)
    const request = this.#read(message)
    if (request === undefined) return
    if (this.#requests.size < maxUnderWay) track(this.#requests, this.#handle(request))
    else this.#log.warn({}, 'too much remote control at once: a request was dropped')
  }

  /** Waits for what is under way, for a time. */
  async close(): Promise<void> {
    await atMost(stopPatience, Promise.all([...this.#requests, ...this.#background]))
    await this.#events.close()
  }

  #inBackground(work: () => Promise<void>): void {
    if (this.#background.size < maxUnderWay) track(this.#background, work())
    else this.#log.warn({}, 'too much remote control at once: the states of revoked tasks were not kept')
  }

  #read(message: WireMessage): ControlRequest | undefined {
    try {
      return readRequest(message, this.#worker.hostname)
    } catch (error) {
      this.#log.warn({ err: error }, 'a request of remote control could not be read')
      return undefined
    }
  }

  async #handle(request: ControlRequest): Promise<void> {
    const command = findCommand(request.method)
    const before = this.#lastChange
    if (command?.kind === 'control') {
      const change = after(before, () => answer(this.#context, request, command))
      this.#lastChange = change
      await change
      if (this.#lastChange === change) this.#lastChange = undefined
    } else {
      if (before !== undefined) await atMost(questionPatience, before)
      await answer(this.#context, request, command)
    }
  }
}

async function after(before: Promise<void> | undefined, work: () => Promise<void>): Promise<void> {
  await before
  await work()
}

function track(work: Set<Promise<void>>, promise: Promise<void>): void {
  work.add(promise)
  void promise.then(() => work.delete(promise))
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
    log.warn({ err: error, method: request.method }, 'a reply of remote control could not be sent')
  }
}

async function outcome(
  context: CommandContext,
  request: ControlRequest,
  command: Command | undefined,
): Promise<unknown> {
  try {
    if (command === undefined)
      throw new CeleryError(
        'UNSUPPORTED',
        `No such control command: ${request.method.slice(0, 100).toWellFormed()}`,
      )
    return await command.run(context, request.arguments)
  } catch (error) {
    return { error: refusal(context.worker.app.options.log, request.method, error) }
  }
}

/** Why not, for who asked. An error that is not one of ours is a fault, and may say what is not for everybody. */
function refusal(log: Log, method: string, error: unknown): string {
  if (error instanceof CeleryError) {
    log.warn({ method, reason: error.message }, 'remote control refused')
    return error.message
  }
  log.error({ err: error, method }, 'remote control failed')
  return `${method} failed: the worker's log says why`
}

async function reply({ app, broker, hostname }: WorkerSurface, request: ControlRequest, content: unknown) {
  const { replyTo, ticket } = request
  if (replyTo === undefined) return
  const headers = { ticket, clock: app.clock.forward() }
  const exchange = { name: replyTo.exchange, type: 'direct' } as const
  await broker.cast(replyMail(hostname, content, headers), castTo(exchange, replyTo.routingKey))
}

/** Arguments of tasks may have been sent by anybody: what cannot be written is answered all the same. */
function replyMail(hostname: string, content: unknown, headers: Record<string, unknown>): WireMessage {
  try {
    return mail({ [hostname]: content ?? null }, headers)
  } catch (error) {
    const reason = reasonOf(error)
    return mail({ [hostname]: { error: `The answer cannot be sent: ${reason}` } }, headers)
  }
}
