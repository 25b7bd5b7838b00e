/** What kombu puts between the parts of a name. */
export const separator = '\x06\x16'

/** Priorities have a list each, in steps; the lowest number goes first. */
const steps = [9, 6, 3] as const

/** Names of keys and channels: kombu's, and beside them this package's own, which begin with `celery-ts`. */
export class BrokerKeys {
  readonly unacked: string
  readonly unackedIndex: string
  readonly bindingDeadlines: string
  /** Messages that wait for their time: a sorted set of ids and lists, the messages by those, and the first of them. */
  readonly delayed: string
  readonly delayedMessages: string
  readonly delayedHead: string
  readonly #prefix: string
  readonly #fanout: string

  /** @param prefix kombu's `global_keyprefix` */
  constructor(prefix: string, db: number) {
    this.#prefix = prefix
    this.#fanout = `${prefix}/${db}.`
    this.unacked = `${prefix}unacked`
    this.unackedIndex = `${prefix}unacked_index`
    this.bindingDeadlines = `${prefix}_kombu.binding_deadlines`
    this.delayed = this.own('delayed')
    this.delayedMessages = this.own('delayed:messages')
    this.delayedHead = this.own('delayed:head')
  }

  own(name: string): string {
    return `${this.#prefix}celery-ts:${name}`
  }

  /** The list in which messages of this priority wait. */
  list(queue: string, priority: number): string {
    const step = steps.find((lowest) => priority >= lowest)
    return step === undefined ? this.#prefix + queue : `${this.#prefix}${queue}${separator}${step}`
  }

  /** All lists of the queue, the first to be emptied first. */
  lists(queue: string): string[] {
    return [0, ...steps.toReversed()].map((priority) => this.list(queue, priority))
  }

  bindings(exchange: string): string {
    return `${this.#prefix}_kombu.binding.${exchange}`
  }

  /** Those of queues that do not expire: kombu's sweep spares an exchange that has any. */
  permanentBindings(exchange: string): string {
    return `${this.#prefix}_kombu.binding_permanent.${exchange}`
  }

  /** The channel of a fanout exchange; with a routing key as kombu's `fanout_patterns` has it. */
  channel(exchange: string, routingKey: string): string {
    return `${this.#fanout}${exchange}${routingKey === '' ? '' : `/${routingKey}`}`
  }

  /** The routing key in a channel's name. */
  keyOfChannel(exchange: string, channel: string): string {
    return channel.slice(this.#fanout.length + exchange.length + 1)
  }
}
