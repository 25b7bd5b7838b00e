import { originOf } from '@colophon/http'
import { createPaymentsSandbox } from '@colophon/payments-sandbox'
import { ConfigError } from '@colophon/runtime'
import { providerUrl } from '../payments.ts'
import { embeddedFolder } from '../settings.ts'
import type { Shop } from '../shop.ts'
import { version } from '../version.ts'
import type { Composing } from './composing.ts'
import type { Door } from './ops.ts'

/** Where the shop listens for what the payment provider says. */
const webhookPath = '/api/payments/webhook'

const forgotten =
  'PAYMENTS_URL is not set, and on an external database what charges needs it: set it to the payment provider, ' +
  'or to `sandbox`, which moves no money'

/**
 * The payment provider that comes with the shop, where one is needed: for who charges, unless another is set. Its state
 * is in the shop's database, so that several are one.
 * @param shopUrl where the API of this process is, if it has one
 * @throws ConfigError where it would be in place of a provider that somebody forgot to name
 */
export async function openSandbox(
  { config, store, logger, roles }: Composing,
  shop: Pick<Shop, 'webhookSecret'>,
  shopUrl: () => string | undefined,
): Promise<Door> {
  const isAlone = roles.length === 1 && roles.includes('payments-sandbox')
  const isNeeded = roles.includes('worker') && providerUrl(config.paymentsUrl) === undefined
  if (!isAlone && !isNeeded) return { parts: [], places: () => ({}) }
  if (isNeeded && embeddedFolder(config) === null) {
    if (config.paymentsUrl === undefined) throw new ConfigError(forgotten)
    logger.warn('payments go to the sandbox in this process, as PAYMENTS_URL says: no money moves')
  }
  const sandbox = await createPaymentsSandbox({
    database: store.database,
    logger,
    version,
    // Others are to reach only one that is a process of its own.
    host: isAlone ? config.host : '127.0.0.1',
    port: roles.includes('payments-sandbox') ? portOf(config, isAlone) : 0,
    key: config.paymentsKey,
    webhook: { url: () => webhookUrl(config, shopUrl()), secret: shop.webhookSecret },
  })
  return { parts: [sandbox], places: () => ({ payments: sandbox.address() }), url: sandbox.address }
}

/** PORT + 2 for one that is a process of its own, whose address others know: it must not move with a restart. */
function portOf({ paymentsSandboxPort, port }: Composing['config'], isAlone: boolean): number {
  const chosen = paymentsSandboxPort ?? (isAlone && port !== 0 ? port + 2 : 0)
  if (chosen <= 65_535) return chosen
  throw new ConfigError(`PAYMENTS_SANDBOX_PORT is not set, and there is no port ${chosen}: set it`)
}

/** The settings', or of the API of this process, or of one with the same settings. */
function webhookUrl(
  { sandboxWebhookUrl, publicUrl, host, port }: Composing['config'],
  shopUrl: string | undefined,
): string {
  return sandboxWebhookUrl ?? `${shopUrl ?? publicUrl ?? originOf(host, port)}${webhookPath}`
}
