import { randomUUID } from 'node:crypto'
import type { AppCore } from '../app/app-core.ts'
import type { SendOptions, SignatureLike } from '../app/send-options.ts'
import { signatureData } from '../app/signature-data.ts'
import { optionsOver, signatureOptions } from '../app/signature-options.ts'
import { splitInput } from '../app/split-input.ts'
import { bad } from '../options/check.ts'
import type { SignatureData, SignatureOptions } from '../protocol/message.ts'
import { type Result, type ResultSource, resultFrom } from '../results/handle.ts'
import { GroupResult } from '../results/handle-group.ts'
import { applySignature } from './apply.ts'
import { isGroup, isTask, mergeOptions, tasksOf } from './data.ts'
import { withErrback, withLink } from './links.ts'
import { isEmpty, normalise } from './normalise.ts'
import { bind, immutably } from './parts.ts'

/** What sends signatures, and knows where their results are. */
export interface SendingApp extends AppCore, ResultSource {}

/** A signature whatever its result: what canvases are made of. */
export type AnySignature = Signature<Result | GroupResult>

/**
 * A task to be sent, or a canvas of them: Celery's `Signature`. It is a value that never changes; what sets something
 * returns another. `Handle` is where its result is found once it is sent.
 */
export class Signature<Handle extends Result | GroupResult = Result> {
  /** What sends it; undefined for one that was read from data without an app. */
  readonly app: SendingApp | undefined
  readonly #data: SignatureData

  constructor(app: SendingApp | undefined, data: SignatureData) {
    this.app = app
    this.#data = data
  }

  /** The task's name; of a canvas `celery.chain`, `celery.group` or `celery.chord`. */
  get task(): string {
    return this.#data.task
  }

  /** With these options over its own: of a chain for its first step, of a group for all, of a chord for all of it. */
  set(options: SendOptions): Signature<Handle> {
    if (options.transaction) throw bad('transaction', 'is given when it is sent', 'a signature')
    const set = optionsOver(this.#data.options, signatureOptions(options))
    return this.#with({ ...this.#data, options: set })
  }

  /**
   * With arguments before its own, positional ones in an array or those by name in an object, and options over its own.
   * An immutable one keeps its arguments.
   */
  clone(input: object = [], options: SendOptions = {}): Signature<Handle> {
    const { args, kwargs } = splitInput(input, this.task)
    return this.#with(bind(this.#data, args, kwargs)).set(options)
  }

  /** Takes no result of the step before it, nor other arguments: Celery's `si`. Of a group, all of its tasks. */
  immutable(): Signature<Handle> {
    return this.#with(immutably(this.#data))
  }

  /**
   * Sent with the result when it succeeds: of a chain after its last step, of a chord after its body, of a group after
   * its first task and without the result. Where a chain's last step is a group, after each of its tasks.
   */
  link(callback: SignatureLike): Signature<Handle> {
    return this.#with(withLink(this.#data, signatureData(callback)))
  }

  /** Sent with the id of the task that fails: of a chain any step, of a group any member, of a chord its body. */
  linkError(errback: SignatureLike): Signature<Handle> {
    return this.#with(withErrback(this.#data, signatureData(errback)))
  }

  /**
   * Sends it, with arguments before its own.
   * @throws CeleryError `BAD_OPTION`, `BAD_VALUE`, `BROKER_UNAVAILABLE` or `UNROUTABLE`; for a chord `NO_RESULTS` when
   *   the app keeps none
   */
  async send(input: object = [], options: SendOptions = {}): Promise<Handle> {
    const { app } = this
    const data = this.#data
    if (isGroup(data) && (options.link || options.linkError)) {
      throw bad('link', 'cannot be given for a group: link its tasks, or make it the header of a chord')
    }
    if (!isTask(data) && !isGroup(data) && isEmpty(normalise(data))) {
      throw bad('tasks', 'of the chain are missing: it needs a step')
    }
    const { args, kwargs } = splitInput(input, this.task)
    const call = signatureOptions(options)
    if (!app) return sentByNone(data, call) as Handle
    const node = await applySignature(app, data, args, {
      kwargs,
      options: call,
      transaction: options.transaction,
    })
    return resultFrom(app, node) as Handle
  }

  /** As it travels: the dict that Python's `Signature` is. */
  toJSON(): SignatureData {
    return structuredCopy(this.#data)
  }

  #with(data: SignatureData): Signature<Handle> {
    return new Signature<Handle>(this.app, data)
  }
}

/** A group without tasks needs no app, as there is nothing to send: what makes it of a list need not look at that. */
function sentByNone(data: SignatureData, call: SignatureOptions): GroupResult {
  if (isGroup(data) && tasksOf(data).length === 0) {
    return new GroupResult(undefined, mergeOptions(data.options, call).task_id ?? randomUUID(), [])
  }
  throw bad('app', 'is missing: make the signature with app.signatureFrom, or give it to app.apply')
}

/** What is changed in it changes no signature; what the arguments hold is shared. */
function structuredCopy(data: SignatureData): SignatureData {
  return { ...data, args: [...data.args], kwargs: { ...data.kwargs }, options: { ...data.options } }
}
