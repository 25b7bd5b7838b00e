import { createHttpPayments, type PaymentProvider } from '@colophon/orders'
import type { Logger } from '@colophon/runtime'

/**
 * A provider that is made when it is first used: where the sandbox listens is known only once it does. Commands that
 * move no money make none.
 * @param url undefined where there is none
 */
export function lazyProvider(
  url: () => string | undefined,
  key: string | undefined,
  log: Logger,
): PaymentProvider {
  let made: PaymentProvider | undefined
  const provider = () => {
    made ??= createHttpPayments({ url: url() ?? noProvider(), key, log })
    return made
  }
  return {
    charge: async (request) => provider().charge(request),
    find: async (chargeKey) => provider().find(chargeKey),
    void: async (chargeKey) => provider().void(chargeKey),
    refund: async (request) => provider().refund(request),
    close: async () => made?.close(),
  }
}

function noProvider(): never {
  throw new Error('there is no payment provider here: set PAYMENTS_URL')
}
