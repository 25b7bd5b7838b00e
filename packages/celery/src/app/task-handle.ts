import type { SignatureOptions } from '../protocol/message.ts'
import { Result } from '../results/handle.ts'
import type { Celery } from './create-celery.ts'
import type { SendOptions } from './send-options.ts'
import { sendTask } from './send-task.ts'
import { signatureOptions } from './signature-options.ts'

/** How a task that lives elsewhere is called, unless a call says otherwise. */
export interface RemoteTaskOptions extends SendOptions {
  name: string
}

export type RemoteTask<Input extends object, Output> = Task<Input, Output>

/** A task as its callers see it. */
export class Task<Input extends object, Output> {
  readonly name: string
  readonly #app: Celery
  readonly #options: SignatureOptions

  constructor(app: Celery, name: string, options: SignatureOptions = {}) {
    this.#app = app
    this.name = name
    this.#options = options
  }

  /**
   * Sends it to a worker; resolves when the broker has it. The input is sent as keyword arguments, or as positional ones
   * when it is an array.
   * @throws CeleryError `BAD_OPTION`, `BAD_VALUE`, `BROKER_UNAVAILABLE` or `UNROUTABLE`
   */
  async send(input: Input, options: SendOptions = {}): Promise<Result<Output>> {
    const call = {
      name: this.name,
      ...splitInput(input),
      options: { ...this.#options, ...signatureOptions(options) },
    }
    const id = await sendTask(this.#app, call, { transaction: options.transaction })
    const ignored = call.options.ignore_result ?? this.#app.tasks.get(this.name)?.ignoreResult ?? false
    return new Result<Output>(this.#app, id, { isIgnored: ignored })
  }
}

/** An array is positional arguments, an object those by name; members that are undefined are left out. */
export function splitInput(input: object): { args: unknown[]; kwargs: Record<string, unknown> } {
  if (Array.isArray(input)) return { args: [...input], kwargs: {} }
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  return { args: [], kwargs: Object.fromEntries(given) }
}
