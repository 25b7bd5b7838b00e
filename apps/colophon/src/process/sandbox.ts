import { originOf } from '@colophon/http'
import { createPaymentsSandbox } from '@colophon/payments-sandbox'
import { embeddedFolder } from '../settings.ts'
import type { Shop } from '../shop.ts'
import { version } from '../version.ts'
import type { Composing } from './composing.ts'
import type { Door } from './ops.ts'

export interface SandboxDoor extends Door {
  /** @throws Error when none is here */
  url(): string
}

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
): Promise<SandboxDoor> {
  const isAlone = roles.length === 1 && roles.includes('payments-sandbox')
  const isNeeded = roles.includes('worker') && config.paymentsUrl === undefined
  if (!isAlone && !isNeeded) return noSandbox
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
    webhook: {
      url: () => config.sandboxWebhookUrl ?? `${shopUrl() ?? likelyUrl(config)}${webhookPath}`,
      secret: shop.webhookSecret,
    },
    lateMs: config.sandboxLateMs,
    hangMs: config.sandboxHangMs,
  })
  return { parts: [sandbox], places: () => ({ payments: sandbox.address() }), url: sandbox.address }
}

const noSandbox: SandboxDoor = {
  parts: [],
  places: () => ({}),
  url() {
    throw new Error('there is no payment provider here: set PAYMENTS_URL')
  },
}

/** Where an API with the same settings is. */
function likelyUrl({ publicUrl, host, port }: Composing['config']): string {
  return publicUrl ?? originOf(host, port)
}
