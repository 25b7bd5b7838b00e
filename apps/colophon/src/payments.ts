import { createHttpPayments, type PaymentProvider } from '@colophon/orders'
import type { Logger, Setting } from '@colophon/runtime'

/** What PAYMENTS_URL says where the sandbox in this process is wanted. */
const sandbox = 'sandbox'

/** PAYMENTS_URL, which names a provider, or says that it is the sandbox in this process. */
export function orSandbox(provider: Setting<string | undefined>): Setting<string | undefined> {
  return {
    ...provider,
    shown: 'sandbox when embedded',
    help: `${provider.help} \`${sandbox}\` is one in this process, which moves no money. What charges on an external database needs it.`,
    parse(given) {
      if (given === sandbox) return given
      try {
        return provider.parse(given)
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : String(error)}, or ${sandbox}`)
      }
    },
  }
}

/** Where the payment provider is; undefined where it is the sandbox in this process, or none. */
export function providerUrl(paymentsUrl: string | undefined): string | undefined {
  return paymentsUrl === sandbox ? undefined : paymentsUrl
}

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
