import { CeleryError, type ErrorCode } from '../errors.ts'
import type { Connection } from './connection.ts'
import {
  ConnectionLost,
  explainFailure,
  isMissingScript,
  NotConnected,
  refusals,
  replyError,
} from './replies.ts'
import type { Script } from './script.ts'
import { type Expected, expectedOf, explainWrongType, isWrongType, kindOf } from './wrong-type.ts'

/**
 * Commands over the connection that there is now. They reject with `ConnectionLost`, which ends the connection, or with
 * an error that another try would not mend.
 */
export class Commands {
  readonly #connection: () => Connection | undefined
  readonly #code: ErrorCode

  constructor(connection: () => Connection | undefined, code: ErrorCode) {
    this.#connection = connection
    this.#code = code
  }

  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#ask(expectedOf(script, keys), ({ client }) =>
      client.evalsha(script.sha, keys.length, ...keys, ...args).catch((error: unknown) => {
        if (!isMissingScript(error)) throw error
        return client.eval(script.lua, keys.length, ...keys, ...args)
      }),
    )
  }

  command(name: string, ...args: (string | number)[]): Promise<unknown> {
    const expected = { key: String(args[0]), kind: kindOf(name) }
    return this.#ask([expected], ({ client }) => client.call(name, ...args))
  }

  bytes(name: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#ask([], ({ client }) => client.callBuffer(name, ...args))
  }

  /**
   * An error for each item that a script could not do, by its place. Rejects with `ConnectionLost`, and ends the
   * connection, when what was answered is no fault of the item: so does a replica that was the master until now.
   */
  async refusals(
    reply: unknown,
    expectedAt: (place: number) => readonly Expected[],
  ): Promise<Map<number, Error> | undefined> {
    const refused = refusals(reply)
    if (refused.length === 0) return undefined
    const connection = this.#connection()
    for (const [, message] of refused) {
      const reason = explainFailure(replyError(message), this.#code)
      if (reason instanceof ConnectionLost) {
        connection?.end(reason)
        throw reason
      }
    }
    const errors = refused.map(async ([place, message]): Promise<[number, Error]> => {
      const reason = await this.#explain(connection, replyError(message), expectedAt(place))
      if (reason instanceof CeleryError) return [place, reason]
      // Only the search for what is wrong with its key was cut short: the item is refused all the same.
      return [place, new CeleryError(this.#code, `Redis refused it: ${message}`)]
    })
    return new Map(await Promise.all(errors))
  }

  async #ask(
    expected: readonly Expected[],
    ask: (connection: Connection) => Promise<unknown>,
  ): Promise<unknown> {
    const connection = this.#connection()
    if (!connection) throw new NotConnected()
    try {
      return await ask(connection)
    } catch (error) {
      const reason = await this.#explain(connection, error, expected)
      if (reason instanceof ConnectionLost) connection.end(reason)
      throw reason
    }
  }

  async #explain(
    connection: Connection | undefined,
    error: unknown,
    expected: readonly Expected[],
  ): Promise<ConnectionLost | CeleryError> {
    if (!connection || !isWrongType(error)) return explainFailure(error, this.#code)
    return await explainWrongType(connection.client, expected).catch((failed: unknown) =>
      explainFailure(failed, this.#code),
    )
  }
}
