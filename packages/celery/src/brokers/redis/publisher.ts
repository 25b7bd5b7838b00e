import { randomUUID } from 'node:crypto'
import { BatchWriter } from '../../redis/batch-writer.ts'
import type { RedisLink } from '../../redis/link.ts'
import type { Expected } from '../../redis/wrong-type.ts'
import type { BrokerKeys } from './keys.ts'
import { publishBatch } from './scripts.ts'

export interface Push {
  /** The list it goes to. */
  list: string
  id: string
  text: string
  /** Milliseconds to keep it from the list. */
  delay?: number | undefined
}

/** Seconds that a publisher's last number is remembered: longer than anybody waits for a lost connection. */
const remembered = 3_600

/**
 * Puts messages into their lists, each exactly once even when the connection breaks while they are on their way:
 * Redis keeps the number of the last batch that it took from this publisher.
 */
export class Publisher {
  readonly #writer: BatchWriter<Push>

  constructor(link: RedisLink, keys: BrokerKeys) {
    const scriptKeys = [
      keys.own(`publisher:${randomUUID()}`),
      keys.delayed,
      keys.delayedMessages,
      keys.delayedHead,
    ]
    const whereDelayed: Expected[] = [
      { key: keys.delayed, kind: 'zset' },
      { key: keys.delayedMessages, kind: 'hash' },
    ]
    this.#writer = new BatchWriter({
      link,
      async send(pushes, batch) {
        const args: (string | number)[] = [batch, remembered]
        for (const { list, delay, id, text } of pushes) args.push(list, delay ?? '', id, text)
        const reply = await link.run(publishBatch, scriptKeys, args)
        return await link.refusals(reply, (place) => {
          const { list = '', delay } = pushes[place] ?? {}
          return delay === undefined ? [{ key: list, kind: 'list' }] : whereDelayed
        })
      },
      sizeOf: ({ text }) => text.length,
      what: 'a message',
    })
  }

  push(push: Push, timeoutMs: number): Promise<void> {
    return this.#writer.write(push, timeoutMs)
  }
}
