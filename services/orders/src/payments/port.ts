/**
 * The payment provider. Every call is idempotent by its key, has a deadline, and may be sent again, also while the same is
 * under way: it then rejects as unknown, or waits for the first.
 *
 * A call that rejects as unknown says nothing about the money: the provider may have done it. Of a charge, ask with `find`
 * before it is told anything else. `void` and `refund` are sent again with the same key, which the provider has to know
 * for as long as it is asked: that is until it has answered, days later if need be.
 */
export interface PaymentProvider {
  /** Takes the money, once per key. @throws PaymentError when it is not known what happened */
  charge(request: ChargeRequest): Promise<Charge>
  /** What became of the charge with this key; null when the provider has never seen it. @throws PaymentError */
  find(key: string): Promise<Charge | null>
  /**
   * Sees to it that a charge with this key never takes money.
   * @returns what it is: void, or the charge that was made before. @throws PaymentError
   */
  void(key: string): Promise<Charge>
  /**
   * Gives money of a charge back, once per key, and none in another currency than was charged; resolves when that is
   * done. @throws PaymentError
   */
  refund(request: RefundRequest): Promise<{ refundId: string }>
  close(): Promise<void>
}

export interface ChargeRequest {
  key: string
  /** Minor units. */
  amount: number
  /** ISO 4217. */
  currency: string
  /** From the provider, by way of the buyer's browser. */
  token: string
  /** For the provider's own records: the order's id. */
  reference: string
}

/**
 * What the provider knows of a charge. One that it has not decided about yet has no status here: until then `charge`
 * and `find` reject as unknown, and `void` ends it.
 */
export interface Charge {
  status: 'charged' | 'declined' | 'void'
  /** The provider's id of it. */
  chargeId: string
  /** Why it was declined, for people; empty otherwise. */
  reason: string
  /** What was charged; as it was asked for when absent. */
  took?: Took
}

/** Money in minor units of a currency (ISO 4217), as the provider tells it; null is what it does not tell. */
export interface Took {
  amount: number | null
  currency: string | null
}

export interface RefundRequest {
  key: string
  chargeId: string
  /** Minor units. */
  amount: number
  /** ISO 4217. */
  currency: string
}

/** Why it is not known what happened, or that the provider has not done what it was asked. */
export class PaymentError extends Error {
  override readonly name = 'PaymentError'
  /**
   * - `unknown`: no answer in time, one that says nothing, or one that puts the request off: ask, then try again.
   * - `denied`: the provider takes no request of ours as it came, such as with a wrong key: nothing was done, and once
   *   our settings are put right the same request may be taken.
   * - `refused`: the provider understands this very request and will not do it, however often it is asked.
   */
  readonly code: 'unknown' | 'denied' | 'refused'

  constructor(code: PaymentError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
