import { originOf } from '@colophon/http'
import { createPaymentsSandbox } from '@colophon/payments-sandbox'
import { embeddedFolder } from '../settings.ts'
import type { Shop } from '../shop.ts'
import { version } from '../version.ts'
import type { Composing } from './composing.ts'
import type { Door } from './ops.ts'

/** Where the shop listens for what the payment provider says. */
const webhookPath = '/api/payments/webhook'

/**
 * The payment provider that comes with the shop, where one is needed: for who charges, unless another is set. Its state
 * is in the shop's database, so that several are one.
 * @param shopUrl where the API of this process is, if it has one
 */
export async function openSandbox(
  { config, store, logger, roles }: Composing,
  shop: Pick<Shop, 'webhookSecret'>,
  shopUrl: () => string | undefined,
): Promise<Door> {
  const isAlone = roles.length === 1 && roles.includes('payments-sandbox')
  const isNeeded = roles.includes('worker') && config.paymentsUrl === undefined
  if (!isAlone && !isNeeded) return { parts: [], places: () => ({}) }
  if (!isAlone && embeddedFolder(config) === null) {
    logger.warn('PAYMENTS_URL is not set: payments go to the sandbox, which moves no money')
  }
  const sandbox = await createPaymentsSandbox({
    database: store.database,
    logger,
    version,
    // Others are to reach only one that is a process of its own.
    host: isAlone ? config.host : '127.0.0.1',
    port: roles.includes('payments-sandbox') ? config.paymentsSandboxPort : 0,
    key: config.paymentsKey,
    webhook: { url: () => webhookUrl(config, shopUrl()), secret: shop.webhookSecret },
    lateMs: config.sandboxLateMs,
    hangMs: config.sandboxHangMs,
  })
  return { parts: [sandbox], places: () => ({ payments: sandbox.address() }), url: sandbox.address }
}

/** The settings', or of the API of this process, or of one with the same settings. */
function webhookUrl(
  { sandboxWebhookUrl, publicUrl, host, port }: Composing['config'],
  shopUrl: string | undefined,
): string {
  return sandboxWebhookUrl ?? `${shopUrl ?? publicUrl ?? originOf(host, port)}${webhookPath}`
}
