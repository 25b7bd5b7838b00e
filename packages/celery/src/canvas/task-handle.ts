import type { CallInput, PartialInput } from '../app/call-input.ts'
import { carriedQueue } from '../app/route.ts'
import type { SendOptions, StandingOptions } from '../app/send-options.ts'
import { sendTask } from '../app/send-task.ts'
import { optionsOver, signatureOptions } from '../app/signature-options.ts'
import { splitInput } from '../app/split-input.ts'
import type { SignatureOptions } from '../protocol/message.ts'
import { Result } from '../results/handle.ts'
import { makeTask } from './data.ts'
import { type SendingApp, Signature } from './signature.ts'

/** A task that lives elsewhere, and how it is sent unless a call says otherwise. */
export interface RemoteTaskOptions extends StandingOptions {
  name: string
}

/**
 * A task as its callers see it. Its input is sent as keyword arguments when it is an object, as positional ones when it
 * is an array; it may be left out where `void` is one of its inputs.
 */
export class Task<Input extends CallInput, Output> {
  readonly app: SendingApp
  readonly name: string
  readonly #options: SignatureOptions

  constructor(app: SendingApp, name: string, options: SignatureOptions = {}) {
    this.app = app
    this.name = name
    this.#options = options
  }

  /**
   * Sends it to a worker; resolves when the broker has it.
   * @throws CeleryError `BAD_OPTION`, `BAD_VALUE`, `BROKER_UNAVAILABLE` or `UNROUTABLE`
   */
  async send(input: Input, options: SendOptions = {}): Promise<Result<Output>> {
    const call = {
      name: this.name,
      ...splitInput(input === undefined ? {} : input, this.name),
      options: optionsOver(this.#options, signatureOptions(options)),
    }
    const { id, isIgnored } = await sendTask(this.app, call, { transaction: options.transaction })
    return new Result<Output>(this.app, id, { isIgnored })
  }

  /** To be sent later or as part of a canvas; what is left out of the input comes then. */
  signature(input?: PartialInput<Input>, options: SendOptions = {}): Signature<Result<Output>> {
    const { args, kwargs } = splitInput(input === undefined ? {} : input, this.name)
    const queue = carriedQueue(this.app, this.name)
    const own = queue === undefined ? this.#options : optionsOver({ queue }, this.#options)
    const data = makeTask(this.name, args, kwargs, own)
    return new Signature<Result<Output>>(this.app, data).set(options)
  }

  /** One that takes no result of the step before it. */
  si(input?: PartialInput<Input>, options: SendOptions = {}): Signature<Result<Output>> {
    return this.signature(input, options).immutable()
  }
}
