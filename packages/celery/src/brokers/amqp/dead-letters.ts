import type { Log } from '../../log.ts'
import type { DeadLetter, DeadLetterPage, DeadLetterQuery, DeadLetterStore } from '../dead-letter-store.ts'
import { decodeLetter, encodeLetter, isAskedFor, letterCursor, pageLimit } from '../letter.ts'
import type { Admin } from './admin.ts'
import { refusal } from './errors.ts'
import type { Link } from './link.ts'
import type { Publisher } from './publisher.ts'
import { scanQueue, type Verdict } from './scan.ts'

/** How many letters are looked through at most: the oldest. Those behind come into sight as these are removed. */
const mostScanned = 10_000

/**
 * Dead letters in a queue of RabbitMQ. A queue cannot be searched: listing, finding and removing each take all of it,
 * which costs time and traffic in proportion to its length, and put it back; meanwhile `count` is too low. A letter
 * added twice is counted twice, but listed once, as it was added first, and removed as one.
 */
export class AmqpDeadLetters implements DeadLetterStore {
  readonly #queue: string
  readonly #publisher: Publisher
  readonly #admin: Admin
  readonly #link: Link
  readonly #log: Log
  #declared: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(queue: string, publisher: Publisher, admin: Admin, link: Link, log: Log) {
    this.#queue = queue
    this.#publisher = publisher
    this.#admin = admin
    this.#link = link
    this.#log = log
  }

  /** The connection was lost: RabbitMQ may come back without the queue. */
  forget(): void {
    this.#declared = undefined
  }

  async add(letter: DeadLetter): Promise<void> {
    await this.#declare()
    const options = {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      messageId: letter.id,
      correlationId: letter.id,
      mandatory: true,
    }
    await this.#publisher.publish('', this.#queue, Buffer.from(encodeLetter(letter)), options, 10)
  }

  async list(query: DeadLetterQuery = {}): Promise<DeadLetterPage> {
    const { after = '' } = query
    const limit = pageLimit(query)
    const oldest = new Oldest(limit + 1)
    const seen = new Set<string>()
    await this.#scan((letter) => {
      if (seen.has(letter.id)) return 'keep'
      seen.add(letter.id)
      if (isAskedFor(letter, query) && letterCursor(letter) > after) oldest.offer(letter)
      return 'keep'
    })
    const letters = oldest.letters.slice(0, limit)
    const last = letters.at(-1)
    return { letters, next: oldest.letters.length > limit && last ? letterCursor(last) : undefined }
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    let found: DeadLetter | undefined
    await this.#scan((letter) => {
      if (letter.id !== id) return 'keep'
      found = letter
      return 'enough'
    })
    return found
  }

  async remove(ids: string[]): Promise<number> {
    const wanted = new Set(ids)
    const removed = new Set<string>()
    await this.#scan((letter) => {
      if (!wanted.has(letter.id)) return 'keep'
      removed.add(letter.id)
      return 'remove'
    })
    return removed.size
  }

  async count(): Promise<number> {
    await this.#declare()
    const { messageCount } = await this.#admin.run((channel) => channel.checkQueue(this.#queue))
    return messageCount
  }

  /** One at a time: what one has in its hands, another would miss. */
  #scan(visit: (letter: DeadLetter) => Verdict): Promise<void> {
    const scanned = this.#last.then(() => this.#scanNow(visit))
    this.#last = scanned.catch(() => {})
    return scanned
  }

  async #scanNow(visit: (letter: DeadLetter) => Verdict): Promise<void> {
    await this.#declare()
    await scanQueue(this.#link, this.#queue, mostScanned, ({ content, fields }) => {
      const letter = decodeLetter(content.toString())
      if (letter) return visit(letter)
      this.#log.warn(
        { queue: this.#queue, deliveryTag: fields.deliveryTag },
        'a message there is no dead letter',
      )
      return 'keep'
    })
  }

  /**
   * A classic queue by name, whatever the virtual host's default: a quorum queue counts every look as a failed
   * delivery, and drops a message after twenty.
   */
  #declare(): Promise<void> {
    this.#declared ??= this.#admin
      .run((channel) => channel.assertQueue(this.#queue, { arguments: { 'x-queue-type': 'classic' } }))
      .then(
        () => {},
        (error: unknown) => {
          this.#declared = undefined
          throw refusal(`the queue ${this.#queue}`, error)
        },
      )
    return this.#declared
  }
}

/** The so many oldest of those offered. */
class Oldest {
  readonly letters: DeadLetter[] = []
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  offer(letter: DeadLetter): void {
    const cursor = letterCursor(letter)
    const at = this.letters.findLastIndex((other) => letterCursor(other) <= cursor) + 1
    if (at >= this.#most) return
    this.letters.splice(at, 0, letter)
    if (this.letters.length > this.#most) this.letters.pop()
  }
}
