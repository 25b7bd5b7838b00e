import type { RedisLink } from '../../redis/link.ts'
import { strings } from '../../redis/replies.ts'
import type { QueueDeclaration } from '../port.ts'
import { topicMatches } from '../topic.ts'
import { type BrokerKeys, separator } from './keys.ts'
import { bindForATime } from './scripts.ts'

interface Binding {
  routingKey: string
  /** Of a topic exchange. */
  isPattern: boolean
  queue: string
}

/** Milliseconds that an exchange's bindings are believed: a queue bound elsewhere gets messages after at most so long. */
const cachedFor = 5_000
/** Exchanges whose bindings are kept in memory. */
const maxCached = 1_000
/** Milliseconds until kombu may remove the bindings of a queue that ends with its process: kombu's own least. */
export const temporaryBinding = 3_600_000

/** Which queues get what is sent to an exchange: kombu keeps it in a set per exchange, for all processes. */
export class Bindings {
  readonly #link: RedisLink
  readonly #keys: BrokerKeys
  readonly #cache = new Map<string, { bindings: readonly Binding[]; until: number }>()

  constructor(link: RedisLink, keys: BrokerKeys) {
    this.#link = link
    this.#keys = keys
  }

  async bind(queue: QueueDeclaration): Promise<void> {
    const exchange = queue.exchange?.name ?? queue.name
    if (exchange === '' || queue.exchange?.type === 'fanout') return
    const member = memberOf(queue)
    const expires = Number(queue.arguments?.['x-expires'])
    if (expires > 0) {
      await this.#bindForATime(exchange, member, Math.max(2 * expires, temporaryBinding))
    } else {
      await this.#link.command('SADD', this.#keys.bindings(exchange), member)
      await this.#link.command('SADD', this.#keys.permanentBindings(exchange), member)
    }
    this.#cache.delete(exchange)
  }

  /** To be repeated while it is needed. */
  async bindTemporarily(queue: string, exchange: string, routingKey: string): Promise<void> {
    const member = [routingKey, '', queue].join(separator)
    await this.#bindForATime(exchange, member, temporaryBinding)
  }

  async unbind(queue: string, exchange: string, routingKey: string): Promise<void> {
    const member = [routingKey, '', queue].join(separator)
    await this.#link.command('SREM', this.#keys.bindings(exchange), member)
  }

  /** The queues that get a message; never from memory when that knows of none. */
  async queuesOf(exchange: string, routingKey: string): Promise<string[]> {
    if (exchange === '') return [routingKey]
    const cached = this.#cache.get(exchange)
    if (cached && cached.until > performance.now()) {
      const queues = matching(cached.bindings, routingKey)
      if (queues.length > 0) return queues
    }
    return matching(await this.#read(exchange), routingKey)
  }

  async #read(exchange: string): Promise<readonly Binding[]> {
    const members = strings(await this.#link.command('SMEMBERS', this.#keys.bindings(exchange)))
    const bindings = members.map(readMember)
    if (this.#cache.size >= maxCached) this.#cache.clear()
    this.#cache.set(exchange, { bindings, until: performance.now() + cachedFor })
    return bindings
  }

  async #bindForATime(exchange: string, member: string, milliseconds: number): Promise<void> {
    const keys = [this.#keys.bindings(exchange), this.#keys.bindingDeadlines]
    await this.#link.run(bindForATime, keys, [member, exchange, milliseconds])
  }
}

function memberOf({ name, exchange, routingKey = name }: QueueDeclaration): string {
  return [routingKey, exchange?.type === 'topic' ? kombuPattern(routingKey) : '', name].join(separator)
}

function readMember(member: string): Binding {
  const [routingKey = '', pattern = '', queue = ''] = member.split(separator)
  return { routingKey, isPattern: pattern !== '', queue }
}

function matching(bindings: readonly Binding[], routingKey: string): string[] {
  const queues = new Set<string>()
  for (const binding of bindings) {
    const fits = binding.isPattern
      ? topicMatches(binding.routingKey, routingKey)
      : binding.routingKey === routingKey
    if (fits) queues.add(binding.queue)
  }
  return [...queues]
}

/** The regular expression by which kombu matches a pattern, letter by letter, so that both bind the same member. */
function kombuPattern(key: string): string {
  const escaped = key.replace(/[^\p{L}\p{N}.#*]/gu, (character) => `\\${character}`)
  const words = escaped.split('.').map((word) => (word === '*' ? '[^\\.]+' : word === '#' ? '.*?' : word))
  return `^${words.join('\\.')}$`
}
