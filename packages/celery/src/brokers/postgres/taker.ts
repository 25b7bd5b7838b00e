import type { Database } from '../../postgres/database.ts'
import type { Lease } from './lease.ts'
import { type Taken, takenFrom } from './messages.ts'

/** Where in the order of a queue a message stands. */
interface Place {
  rank: number
  id: number
}

/** Before every message: ranks are not below -255. */
const front: Place = { rank: -32_768, id: 0 }

/** Messages that one statement may bring, and bytes, by the size of those before. */
const maxMessages = 1_000
const maxBytes = 8 * 1024 * 1024
/** Milliseconds for one statement. */
const patienceMs = 10_000
/** Milliseconds between looks from the very front. */
const minPause = 50

export interface Look {
  taken: Taken[]
  /** There was no more where it looked. */
  isEmpty: boolean
  /** Milliseconds after which it will look elsewhere too. */
  lookAgain: number
}

/**
 * Takes messages from the front of a queue.
 *
 * Until the next vacuum, what was taken and acknowledged lies dead in the index before those that wait, and each take
 * would pass over all of it. So it goes on from where the last one ended, and looks from the very front only now and
 * then: for what was put back, is of a higher priority, or was committed late by a slow transaction. That is at most
 * a tenth of the time it spends.
 */
export class Taker {
  readonly #database: Database
  readonly #name: string
  readonly #text: string
  readonly #queue: string
  #from: Place | undefined
  #nextFullLook = 0
  #averageBytes = 0

  constructor(database: Database, schema: string, queue: string) {
    this.#database = database
    this.#name = `${schema}_take`
    this.#text = `SELECT * FROM ${schema}.take($1, $2, $3, $4, $5)`
    this.#queue = queue
  }

  /** Highest priority first. */
  async take(lease: Lease, count: number): Promise<Look> {
    const limit = Math.max(
      1,
      Math.min(count, maxMessages, Math.floor(maxBytes / Math.max(1, this.#averageBytes))),
    )
    const lookAgain = this.#nextFullLook - performance.now()
    if (this.#from !== undefined && lookAgain > 0) {
      const taken = await this.#look(lease, limit, this.#from)
      return { taken, isEmpty: taken.length < limit, lookAgain }
    }
    const start = performance.now()
    const taken = await this.#look(lease, limit, front)
    const end = performance.now()
    this.#nextFullLook = end + Math.max(minPause, 10 * (end - start))
    return { taken, isEmpty: taken.length < limit, lookAgain: Number.POSITIVE_INFINITY }
  }

  async #look(lease: Lease, limit: number, { rank, id }: Place): Promise<Taken[]> {
    const values = [this.#queue, lease.id, limit, rank, id]
    const rows = await this.#database.query(this.#text, values, patienceMs, this.#name)
    const taken = rows.map(takenFrom).sort(inOrder)
    const last = taken.at(-1)
    if (last === undefined) return taken
    this.#from = { rank: last.rank, id: last.id }
    const bytes = taken.reduce((sum, { message }) => sum + message.body.length, 0)
    this.#averageBytes = (this.#averageBytes + bytes / taken.length) / 2
    return taken
  }
}

function inOrder(one: Taken, other: Taken): number {
  return one.rank - other.rank || one.id - other.id
}
