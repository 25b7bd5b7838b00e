import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { checkAppOptions } from './app/app-checks.ts'
import type { AppCore, PublishTo } from './app/app-core.ts'
import {
  type CallArguments,
  checkCall,
  checkSignature,
  type SignatureArguments,
} from './app/call-arguments.ts'
import type { CallInput, InputOf, OptionalInput } from './app/call-input.ts'
import type { CeleryOptions } from './app/celery-options.ts'
import { carriedQueue, destination, routeOf } from './app/route.ts'
import type { SendOptions, SignatureLike } from './app/send-options.ts'
import { sendTask } from './app/send-task.ts'
import { signatureOptions, standingOptions } from './app/signature-options.ts'
import type { AnyTaskDefinition, SentTo, TaskDefinition } from './app/task.ts'
import { checkTask } from './app/task-checks.ts'
import { openBroker } from './brokers/open.ts'
import type { Broker, PublishOptions, QueueDeclaration } from './brokers/port.ts'
import { signatureFrom } from './canvas/build.ts'
import { builtinTasks } from './canvas/builtin-tasks.ts'
import { makeTask } from './canvas/data.ts'
import { type AnySignature, Signature } from './canvas/signature.ts'
import { type RemoteTaskOptions, Task } from './canvas/task-handle.ts'
import { CeleryError } from './errors.ts'
import { LamportClock } from './events/clock.ts'
import { createEventDispatcher, type EventDispatcher } from './events/dispatcher.ts'
import { taskSentFields } from './events/task-sent.ts'
import { defaultLog } from './log.ts'
import { checkValue } from './options/check.ts'
import { text } from './options/kinds.ts'
import { encodeTask } from './protocol/encode-task.ts'
import type { TaskMessage } from './protocol/message.ts'
import { readResultTuple } from './protocol/result-tuple.ts'
import { Result, type ResultSource, resultFrom } from './results/handle.ts'
import { GroupResult } from './results/handle-group.ts'
import { openResults } from './results/open.ts'
import type { ResultStore } from './results/port.ts'
import { ResultWatcher } from './results/watcher.ts'

export type { CallArguments, SignatureArguments }

/** More than a program sends to. */
const mostPlainQueues = 10_000

/** An app of this program: its tasks, its broker and its results. Nothing connects before it is needed. */
export function createCelery(options: CeleryOptions): Celery {
  return new Celery(options)
}

/** An app: what defines tasks, sends them and finds their results. Made by `createCelery`. */
export class Celery implements AppCore, ResultSource {
  /** Those it was made with, and defaults. */
  readonly options: AppCore['options']
  readonly clock = new LamportClock()
  /** A UUID of this process: the `reply_to` of what it sends. */
  readonly processId: string
  readonly watcher = new ResultWatcher(() => this.store())
  readonly #given: CeleryOptions
  readonly #tasks = new Map<string, AnyTaskDefinition>()
  readonly #queues: ReadonlyMap<string, QueueDeclaration>
  readonly #plainQueues = new Map<string, QueueDeclaration>()
  #broker: Promise<Broker> | undefined
  #results: Promise<ResultStore> | undefined
  #events: EventDispatcher | undefined
  #isClosed = false

  constructor(options: CeleryOptions) {
    checkAppOptions(options)
    this.#given = options
    this.options = withDefaults(options)
    this.processId = this.options.newId()
    this.#queues = new Map(this.options.queues.map((queue) => [queue.name, queue]))
    for (const task of builtinTasks(this)) this.define(task)
  }

  /** Its tasks by their names, Celery's own among them. */
  get tasks(): ReadonlyMap<string, AnyTaskDefinition> {
    return this.#tasks
  }

  /** Defines a task, which workers of this app run. A name is defined once. */
  task<
    Input extends object,
    Output,
    Schema extends StandardSchemaV1 = StandardSchemaV1,
    const Params extends readonly string[] = readonly [],
  >(
    definition: TaskDefinition<Input, Output, Schema> & { params?: Params | readonly string[] },
  ): Task<InputOf<SentTo<Schema, Input>, Params>, Output> {
    this.define(definition as unknown as AnyTaskDefinition)
    return new Task(this, definition.name)
  }

  /** Adds a definition whose types are not known, such as one of the built-in tasks. */
  define(definition: AnyTaskDefinition): void {
    checkTask(definition)
    const { name } = definition
    if (this.#tasks.has(name)) {
      throw new CeleryError('BAD_OPTION', `There is a task named ${name} already: a name is defined once.`)
    }
    this.#tasks.set(name, definition)
  }

  /**
   * A task that lives elsewhere, such as in Python. An object as its input is sent as keyword arguments, an array as
   * positional ones; one that takes no arguments has the input `void`.
   */
  remote<Input extends CallInput, Output = unknown>(
    options: RemoteTaskOptions,
  ): Task<OptionalInput<Input>, Output> {
    const { name, ...sending } = options
    checkValue(name, text, 'name', 'app.remote')
    return new Task(this, name, standingOptions(sending, `remote task ${name}`))
  }

  /** Sends a task by its name. */
  async send<Output = unknown>(
    name: string,
    given: CallArguments = {},
    options: SendOptions = {},
  ): Promise<Result<Output>> {
    checkCall(name, given)
    const { args = [], kwargs = {} } = given
    const { transaction } = options
    const call = { name, args, kwargs, options: signatureOptions(options) }
    const { id, isIgnored } = await sendTask(this, call, { transaction })
    return new Result<Output>(this, id, { isIgnored })
  }

  /** A signature of a task by its name. */
  signature<Output = unknown>(
    name: string,
    given: SignatureArguments = {},
    options: SendOptions = {},
  ): Signature<Result<Output>> {
    checkSignature(name, given)
    const { args = [], kwargs = {}, immutable = false } = given
    const queue = carriedQueue(this, name)
    const own = queue === undefined ? {} : { queue }
    return new Signature<Result<Output>>(this, { ...makeTask(name, args, kwargs, own), immutable }).set(
      options,
    )
  }

  /** A signature that came as data, such as from Python. */
  signatureFrom(data: SignatureLike): AnySignature {
    return signatureFrom(data, this)
  }

  /** Sends a signature, with arguments before its own: what `signature.send` does for one that has an app. */
  async apply(
    signature: SignatureLike,
    input: object = [],
    options: SendOptions = {},
  ): Promise<Result | GroupResult> {
    return await this.signatureFrom(signature).send(input, options)
  }

  /** The handle of a task's result, by the task's id. */
  result<Output = unknown>(id: string): Result<Output> {
    return new Result<Output>(this, id)
  }

  /** The handle of what a result tuple names, as `toJSON` of a handle or Python's `as_tuple` gives it. */
  resultFrom(tuple: unknown): Result | GroupResult {
    return resultFrom(this, readResultTuple(tuple))
  }

  /** The group that was saved under this id, here or in Python; undefined when there is none. */
  async groupResult<Output = unknown>(id: string): Promise<GroupResult<Output> | undefined> {
    const tuple = await (await this.store()).getGroup(id)
    if (tuple === undefined || tuple === null) return undefined
    const handle = this.resultFrom(tuple)
    return handle instanceof GroupResult ? (handle as GroupResult<Output>) : undefined
  }

  /** Removes the messages that wait in the queue and returns how many these were. */
  async purge(queue: string = this.options.defaultQueue): Promise<number> {
    return await (await this.broker()).purge(queue)
  }

  /** What carries its messages, opened on first use. */
  broker(): Promise<Broker> {
    if (this.#isClosed) return Promise.reject(closed())
    this.#broker ??= this.#openBroker().catch((error: unknown) => {
      this.#broker = undefined
      throw error
    })
    return this.#broker
  }

  /** Where its results are, opened on first use; undefined when it keeps none. */
  async results(): Promise<ResultStore | undefined> {
    if (this.#given.results === undefined) return undefined
    if (this.#isClosed) throw closed()
    this.#results ??= this.#openResults(this.#given.results).catch((error: unknown) => {
      this.#results = undefined
      throw error
    })
    return await this.#results
  }

  /** The same, where results are needed: rejects with `NO_RESULTS` when it keeps none. */
  async store(): Promise<ResultStore> {
    const store = await this.results()
    if (store) return store
    throw new CeleryError('NO_RESULTS', 'The app keeps no results: give createCelery the option results.')
  }

  /** The queue's declaration: the one in `queues`, or Celery's default for a name. */
  queue(name: string): QueueDeclaration {
    return this.#queues.get(name) ?? this.#plainQueue(name)
  }

  /** One declaration a name, by which brokers know quickly that it was declared already. */
  #plainQueue(name: string): QueueDeclaration {
    const known = this.#plainQueues.get(name)
    if (known) return known
    const declaration = { name }
    if (this.#plainQueues.size >= mostPlainQueues) this.#plainQueues.clear()
    this.#plainQueues.set(name, declaration)
    return declaration
  }

  /** Encodes and publishes one task message, to where it is routed unless `to` says where. */
  async publishTask(message: TaskMessage, to: PublishTo = {}, options?: PublishOptions): Promise<void> {
    const broker = await this.broker()
    const { maxBodySize, defaultQueue } = this.options
    const wire = encodeTask(message, { compression: to.compression, maxBodySize })
    const queue = to.exchange === undefined ? (to.queue ?? routeOf(this, message.headers.task).queue) : null
    const target = destination(queue === null ? to : { queue }, (name) => this.queue(name), defaultQueue)
    await broker.publish(wire, target, options)
    this.#events?.send('task-sent', taskSentFields(message, { ...target, queue }))
  }

  /** Lets go of broker and results; whoever waits for a result hears of it. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.watcher.close()
    await this.#events?.close()
    const [broker, results] = await Promise.all([
      this.#broker?.catch(() => undefined),
      this.#results?.catch(() => undefined),
    ])
    await Promise.all([broker?.close(), results?.close()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #openBroker(): Promise<Broker> {
    const { broker: given } = this.#given
    const { log } = this.options
    const broker = typeof given === 'string' ? await openBroker(given, { log }) : given
    await broker.open()
    if (this.options.sendEvents) this.#events ??= this.#createDispatcher(broker)
    return broker
  }

  #createDispatcher(broker: Broker): EventDispatcher {
    const { log, now } = this.options
    const node = `gen${process.pid}@${hostname()}`
    return createEventDispatcher({ broker, clock: this.clock, hostname: node, groups: ['task'], log, now })
  }

  async #openResults(given: string | ResultStore): Promise<ResultStore> {
    const { log, resultExpires } = this.options
    const store =
      typeof given === 'string' ? await openResults(given, { log, expires: resultExpires }) : given
    await store.open()
    return store
  }
}

function closed(): CeleryError {
  return new CeleryError('CLOSED', 'The app is closed.')
}

function withDefaults(options: CeleryOptions): AppCore['options'] {
  return {
    defaultQueue: options.defaultQueue ?? 'celery',
    queues: options.queues ?? [],
    routes: options.routes ?? [],
    taskDefaults: options.taskDefaults ?? {},
    resultExpires: options.resultExpires ?? 86_400,
    extendedResults: options.extendedResults ?? false,
    maxBodySize: options.maxBodySize ?? 16 * 1_024 * 1_024,
    sendEvents: options.sendEvents ?? false,
    timeZone: options.timeZone ?? 'UTC',
    log: options.log ?? defaultLog,
    now: options.now ?? (() => new Date()),
    newId: options.newId ?? randomUUID,
  }
}
