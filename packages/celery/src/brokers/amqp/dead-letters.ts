import { CeleryError, isTransient } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { DeadLetter, DeadLetterPage, DeadLetterQuery, DeadLetterStore } from '../dead-letter-store.ts'
import { decodeLetter, encodeLetter, isAskedFor, letterCursor, pageLimit } from '../letter.ts'
import type { Admin } from './admin.ts'
import { refusal } from './errors.ts'
import type { Link } from './link.ts'
import type { Publisher } from './publisher.ts'
import { scanQueue, type Verdict } from './scan.ts'

/**
 * How much further is looked when all that is wanted was found: the order of the queue is nearly that of the deaths,
 * and a letter that was added again is not far behind.
 */
const lookAhead = 10_000

/**
 * Dead letters in a queue of RabbitMQ. A queue cannot be searched: listing, finding and removing each take letters from
 * its front until they have what is wanted, which costs time and traffic in proportion to how many these are, and put
 * them back; meanwhile `count` is too low. What is not there is known at the end of the queue only: a queue that is
 * too long to be looked through in time ends that with an error. A letter added twice is counted twice, but listed
 * once, as it was added first, and removed as one.
 */
export class AmqpDeadLetters implements DeadLetterStore {
  readonly #queue: string
  readonly #publisher: Pick<Publisher, 'publish'>
  readonly #admin: Pick<Admin, 'run'>
  readonly #link: Pick<Link, 'connected'>
  readonly #log: Log
  #declared: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(
    queue: string,
    publisher: Pick<Publisher, 'publish'>,
    admin: Pick<Admin, 'run'>,
    link: Pick<Link, 'connected'>,
    log: Log,
  ) {
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
    let ahead = 0
    const isWhole = await this.#scan((letter) => {
      const isWanted = !seen.has(letter.id) && isAskedFor(letter, query) && letterCursor(letter) > after
      seen.add(letter.id)
      ahead = isWanted && oldest.offer(letter) ? 0 : ahead + 1
      return oldest.isFull && ahead >= lookAhead ? 'enough' : 'keep'
    }).then(
      () => true,
      (error: unknown) => {
        // What was found is a page: who goes on behind it, and finds nothing in time, is told.
        if (isTransient(error) && oldest.letters.length > 0) return false
        throw error
      },
    )
    const letters = oldest.letters.slice(0, limit)
    const last = letters.at(-1)
    return { letters, next: last && (oldest.isFull || !isWhole) ? letterCursor(last) : undefined }
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
    let ahead = 0
    await this.#scan((letter) => {
      if (!wanted.has(letter.id))
        return removed.size === wanted.size && ++ahead >= lookAhead ? 'enough' : 'keep'
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
    let seen = 0
    const look = scanQueue(this.#link, this.#queue, Number.POSITIVE_INFINITY, ({ content, fields }) => {
      seen++
      const letter = decodeLetter(content.toString())
      if (letter) return visit(letter)
      this.#log.warn(
        { queue: this.#queue, deliveryTag: fields.deliveryTag },
        'a message there is no dead letter',
      )
      return 'keep'
    })
    await look.catch((error: unknown) => {
      if (!(error instanceof CeleryError) || seen === 0) throw error
      const howFar = `the oldest ${seen} were looked through, and those behind come into sight as these go`
      throw new CeleryError(error.code, `${error.message}: ${howFar}`, { cause: error })
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

  get isFull(): boolean {
    return this.letters.length === this.#most
  }

  /** Whether it is one of them. */
  offer(letter: DeadLetter): boolean {
    const cursor = letterCursor(letter)
    const at = this.letters.findLastIndex((other) => letterCursor(other) <= cursor) + 1
    if (at >= this.#most) return false
    this.letters.splice(at, 0, letter)
    if (this.letters.length > this.#most) this.letters.pop()
    return true
  }
}
