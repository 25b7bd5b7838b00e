// A payment provider in memory, which does what a test tells it. It passes the same contract as the real one
// (payments-contract.int.test.ts).
import {
  type Charge,
  type ChargeRequest,
  PaymentError,
  type PaymentProvider,
  type RefundRequest,
} from '../../src/payments/port.ts'

/**
 * What becomes of a charge.
 *
 * - `approve`: the money is taken.
 * - `{ take }`: another amount is taken than was asked for.
 * - `{ decline }`: it is not, for this reason.
 * - `charge_unanswered`: it is taken, and nobody gets to know: the first call rejects.
 * - `unanswered`: nothing is done, and the first call rejects; asked again, the money is taken.
 * - `pending`: nothing is decided before `settle`.
 */
export type FakeOutcome =
  | 'approve'
  | 'charge_unanswered'
  | 'unanswered'
  | 'pending'
  | Taking
  | { readonly decline: string }

interface Taking {
  readonly take: Take
}

/** What is taken of what is asked for. */
export type Take = (asked: Money) => Money

interface Money {
  amount: number
  currency: string
}

/** A call as the hooks of a test see it. */
export type FakeCall =
  | { readonly method: 'charge'; readonly key: string; readonly request: ChargeRequest }
  | { readonly method: 'find' | 'void'; readonly key: string }
  | { readonly method: 'refund'; readonly key: string; readonly request: RefundRequest }

/** What a test may know of the charge with a key, in minor units. */
export interface FakeAccount {
  /** How often the provider was told to charge it. */
  readonly calls: number
  /** What it was told to charge. */
  readonly asked: number
  readonly taken: number
  /** Of what was taken; that of the shop where nothing was. */
  readonly currency: string
  /** Of that, what was given back. */
  readonly given: number
}

/** How the sandbox's tokens go here: those that are late, or fail now and then, just approve. */
const sandboxOutcomes: readonly [string, FakeOutcome][] = [
  ['tok_approve', 'approve'],
  ['tok_decline', { decline: 'the card was declined' }],
  ['tok_decline_funds', { decline: 'there is not enough money' }],
  ['tok_timeout_after_charge', 'charge_unanswered'],
  ['tok_timeout_before', 'unanswered'],
  ['tok_late', 'approve'],
  ['tok_twice', 'approve'],
  ['tok_webhook_only', 'pending'],
  ['tok_flaky', 'approve'],
  ['tok_refund_flaky', 'approve'],
  ['tok_refund_refused', 'approve'],
  ['tok_other_amount', { take: ({ amount, currency }) => ({ amount: amount + 100, currency }) }],
]

interface Entry {
  readonly id: string
  /** Null when it was void before anybody asked for it, and until somebody does. */
  request: ChargeRequest | null
  /** What it takes when it is charged; null when it was void before anybody asked for it. */
  took: Money | null
  status: Charge['status'] | 'pending'
  reason: string
  calls: number
  given: number
}

export function createFakePayments(): FakePayments {
  return new FakePayments()
}

export class FakePayments implements PaymentProvider {
  /** What becomes of charges by their token; to be changed at will. A token that is not in it is declined. */
  readonly outcomes = new Map(sandboxOutcomes)
  /** Every call so far, in order. */
  readonly calls: FakeCall[] = []
  /** Waits to delay a call, throws (`unknown()`) to fail it, before it has done anything. */
  before: (call: FakeCall) => Promise<void> | void = () => {}
  /** Waits or throws when a call has done its work, so that its answer is late or lost. */
  after: (call: FakeCall) => Promise<void> | void = () => {}
  /** Why it gives nothing back any more, but for what it has given already; null while it does. */
  refusal: string | null = null
  readonly #charges = new Map<string, Entry>()
  readonly #refunds = new Map<string, { id: string; request: RefundRequest }>()
  /** How often was asked for charges of which nothing is known otherwise. */
  readonly #unanswered = new Map<string, number>()

  charge(request: ChargeRequest): Promise<Charge> {
    return this.#during({ method: 'charge', key: request.key, request }, () => this.#charge(request))
  }

  find(key: string): Promise<Charge | null> {
    return this.#during({ method: 'find', key }, () => {
      const entry = this.#charges.get(key)
      return entry === undefined ? null : answer(entry)
    })
  }

  void(key: string): Promise<Charge> {
    return this.#during({ method: 'void', key }, () => {
      const entry = this.#charges.get(key) ?? this.#enter(key, null, 'void')
      if (entry.status === 'pending') entry.status = 'void'
      return answer(entry)
    })
  }

  refund(request: RefundRequest): Promise<{ refundId: string }> {
    return this.#during({ method: 'refund', key: request.key, request }, () => this.#refund(request))
  }

  async close(): Promise<void> {}

  /** What became of the charge with this key. */
  accountOf(key: string): FakeAccount {
    const entry = this.#charges.get(key)
    const calls = entry?.calls ?? this.#unanswered.get(key) ?? 0
    if (entry === undefined) return { calls, asked: 0, taken: 0, currency: 'EUR', given: 0 }
    const { request, took, given } = entry
    return {
      calls,
      asked: request?.amount ?? 0,
      taken: takenBy(entry),
      currency: took?.currency ?? 'EUR',
      given,
    }
  }

  /** The sums of all charges, in minor units. */
  totals(): { taken: number; given: number } {
    const totals = { taken: 0, given: 0 }
    for (const entry of this.#charges.values()) {
      totals.taken += takenBy(entry)
      totals.given += entry.given
    }
    return totals
  }

  /** The keys of charges that are not decided. */
  pending(): string[] {
    return [...this.#charges].filter(([, { status }]) => status === 'pending').map(([key]) => key)
  }

  /** What a webhook tells of a charge; undefined of one that is not decided, or that nobody asked for. */
  told(key: string): Charge | undefined {
    const entry = this.#charges.get(key)
    return entry === undefined || entry.status === 'pending' ? undefined : answer(entry)
  }

  /** Takes money of a charge that it has declined, against its word. @returns what a webhook would tell */
  takeDeclined(key: string, take: Take): Charge | undefined {
    const entry = this.#charges.get(key)
    if (entry?.status !== 'declined') return undefined
    Object.assign(entry, decided('approve'), { took: tookBy(entry.request, { take }) })
    return answer(entry)
  }

  /** Decides about a pending charge; any other stays what it is. @returns what a webhook would tell */
  settle(key: string, outcome: 'approve' | Taking | { readonly decline: string } = 'approve'): Charge {
    const entry = this.#charges.get(key)
    if (entry === undefined) throw new Error(`there is no charge with the key ${key}`)
    if (entry.status === 'pending')
      Object.assign(entry, decided(outcome), { took: tookBy(entry.request, outcome) })
    return answer(entry)
  }

  async #during<T>(call: FakeCall, work: () => T): Promise<T> {
    this.calls.push(call)
    await this.before(call)
    const result = work()
    await this.after(call)
    return result
  }

  #charge(request: ChargeRequest): Charge {
    const { key, token } = request
    const made = this.#charges.get(key)
    if (made !== undefined) {
      made.request ??= request
      if (!isSame(made.request, request)) throw refused('the key was used before')
      made.calls += 1
      return answer(made)
    }
    const outcome = this.outcomes.get(token) ?? { decline: 'there is no such token' }
    if (outcome === 'unanswered' && !this.#unanswered.has(key)) {
      this.#unanswered.set(key, 1)
      throw unknown()
    }
    const entry = this.#enter(key, request, outcome)
    if (outcome === 'charge_unanswered') throw unknown()
    return answer(entry)
  }

  #enter(key: string, request: ChargeRequest | null, outcome: FakeOutcome | 'void'): Entry {
    const calls = request === null ? 0 : 1 + (this.#unanswered.get(key) ?? 0)
    const id = `charge ${this.#charges.size + 1}`
    const entry: Entry = { id, request, took: tookBy(request, outcome), calls, given: 0, ...decided(outcome) }
    this.#charges.set(key, entry)
    return entry
  }

  #refund(request: RefundRequest): { refundId: string } {
    const made = this.#refunds.get(request.key)
    if (made !== undefined) {
      if (!isSame(made.request, request)) throw refused('the key was used before')
      return { refundId: made.id }
    }
    if (this.refusal !== null) throw refused(this.refusal)
    const entry = this.#charges.values().find(({ id }) => id === request.chargeId)
    if (entry?.request?.token === 'tok_refund_refused') throw refused('the token says so')
    if (entry?.status !== 'charged') throw refused('nothing was charged')
    if (entry.took?.currency !== request.currency) throw refused('another currency was charged')
    if (entry.given + request.amount > takenBy(entry)) throw refused('more than was charged')
    entry.given += request.amount
    const id = `refund ${this.#refunds.size + 1}`
    this.#refunds.set(request.key, { id, request })
    return { refundId: id }
  }
}

/** The error of a call of which nothing is known. */
export function unknown(): PaymentError {
  return new PaymentError('unknown', 'no answer in time')
}

function refused(why: string): PaymentError {
  return new PaymentError('refused', why)
}

function decided(outcome: FakeOutcome | 'void'): Pick<Entry, 'status' | 'reason'> {
  if (typeof outcome === 'object' && 'decline' in outcome)
    return { status: 'declined', reason: outcome.decline }
  const isOpen = outcome === 'pending' || outcome === 'void'
  return { status: isOpen ? outcome : 'charged', reason: '' }
}

function tookBy(request: ChargeRequest | null, outcome: FakeOutcome | 'void'): Money | null {
  if (request === null) return null
  const { amount, currency } = request
  const isOther = typeof outcome === 'object' && 'take' in outcome
  return isOther ? outcome.take({ amount, currency }) : { amount, currency }
}

function answer({ id, status, reason, took }: Entry): Charge {
  if (status === 'pending') throw new PaymentError('unknown', 'the charge is pending')
  return { status, chargeId: id, reason, ...(took && { took }) }
}

function takenBy({ status, took }: Entry): number {
  return status === 'charged' && took !== null ? took.amount : 0
}

function isSame(one: object, other: object): boolean {
  const members = (value: object) => JSON.stringify(Object.entries(value).sort())
  return members(one) === members(other)
}
