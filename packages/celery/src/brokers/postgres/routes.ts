import type { QueueDeclaration } from '../port.ts'
import { topicMatches } from '../topic.ts'

export interface Binding {
  exchange: string
  type: 'direct' | 'topic' | 'fanout'
  routingKey: string
  queue: string
}

export function bindingOf(queue: QueueDeclaration): Binding {
  const { name, exchange = { name, type: 'direct' }, routingKey = name } = queue
  return { exchange: exchange.name, type: exchange.type, routingKey, queue: name }
}

/** Which queues a message goes to, by what has been declared. */
export class Routes {
  /** Of what was read last. */
  revision = -1
  #queues = new Set<string>()
  #bindings = new Map<string, Binding[]>()

  replace(revision: number, queues: Iterable<string>, bindings: Iterable<Binding>): void {
    this.revision = revision
    this.#queues = new Set(queues)
    this.#bindings = Map.groupBy(bindings, ({ exchange }) => exchange)
  }

  has(queue: QueueDeclaration): boolean {
    const { exchange, routingKey, queue: name } = bindingOf(queue)
    if (!this.#queues.has(name)) return false
    if (exchange === '') return true
    const bindings = this.#bindings.get(exchange) ?? []
    return bindings.some((binding) => binding.queue === name && binding.routingKey === routingKey)
  }

  /** Each queue once, as an exchange delivers; none when there is no such route. */
  find(exchange: string, routingKey: string): string[] {
    if (exchange === '') return this.#queues.has(routingKey) ? [routingKey] : []
    const found: string[] = []
    for (const binding of this.#bindings.get(exchange) ?? [])
      if (matches(binding.type, binding.routingKey, routingKey) && !found.includes(binding.queue))
        found.push(binding.queue)
    return found
  }
}

/** Whether an exchange of that type hands a message with that routing key to a binding with that key or pattern. */
export function matches(type: Binding['type'], bound: string, routingKey: string): boolean {
  if (type === 'fanout') return true
  return type === 'topic' ? topicMatches(bound, routingKey) : bound === routingKey
}
