import { Seldom } from '../../async/seldom.ts'
import type { Log } from '../../log.ts'
import type { ConsumeOptions, Consumption, QueueDeclaration } from '../port.ts'
import type { Casting } from './casting.ts'
import { CopyConsumer } from './copy-consumer.ts'
import { decodeDocument } from './document.ts'

/**
 * What this process hears from fanout exchanges whose queues it consumes. On Redis these are channels of pub/sub: as
 * with kombu, each worker that listens has a copy of its own, no other worker gets that one, and who does not listen
 * has none. A queue's list is for what is sent straight to it: tasks that are tried again, or replayed.
 */
export class Copies {
  readonly #casting: Casting
  readonly #log: Log
  readonly #consumers = new Set<CopyConsumer>()
  readonly #dropping = new Seldom()

  constructor(casting: Casting, log: Log) {
    this.#casting = casting
    this.#log = log
  }

  async consume(
    { name, routingKey }: QueueDeclaration,
    exchange: string,
    options: ConsumeOptions,
  ): Promise<Consumption> {
    const consumer: CopyConsumer = new CopyConsumer(name, options, {
      onEnd: (gone) => {
        this.#consumers.delete(consumer)
        if (gone > 0) this.#gone(name, exchange, gone)
      },
      onDropped: () => this.#dropped(name, exchange),
    })
    this.#consumers.add(consumer)
    const stops: (() => Promise<void>)[] = []
    const cancel = async () => {
      // Before anything is waited for: what comes back meanwhile is not to be handed out again.
      await consumer.cancel()
      await Promise.all(stops.map((stop) => stop()))
    }
    try {
      // A fanout exchange knows no keys. Where one is given it is kombu's, which hears no other.
      for (const key of routingKey === undefined ? ['', '#'] : [routingKey]) {
        stops.push(await this.#casting.hear(exchange, key, (text) => consumer.hear(decodeDocument(text))))
      }
    } catch (error) {
      await cancel()
      throw error
    }
    return { setPrefetch: (prefetch) => consumer.setPrefetch(prefetch), cancel }
  }

  /** How many wait in this process. */
  waiting(queue: string): number {
    return this.#of(queue).reduce((sum, { waiting }) => sum + waiting, 0)
  }

  purge(queue: string): number {
    return this.#of(queue).reduce((sum, consumer) => sum + consumer.purge(), 0)
  }

  close(): void {
    for (const consumer of this.#consumers) consumer.close()
  }

  #dropped(queue: string, exchange: string): void {
    if (!this.#dropping.isDue()) return
    this.#log.error(
      { queue, exchange },
      'more was told by a fanout exchange than this worker can keep: it is gone',
    )
  }

  #gone(queue: string, exchange: string, copies: number): void {
    this.#log.warn(
      { queue, exchange, copies },
      'copies of what a fanout exchange told are gone, as who had them consumes no more',
    )
  }

  #of(queue: string): CopyConsumer[] {
    return [...this.#consumers].filter((consumer) => consumer.queue === queue)
  }
}
