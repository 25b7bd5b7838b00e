import { url } from '@colophon/runtime'

/** The settings of the payments sandbox, besides PAYMENTS_KEY and PAYMENTS_WEBHOOK_SECRET, which the shop has too. */
export const paymentsSandboxSettings = {
  sandboxWebhookUrl: url('SANDBOX_WEBHOOK_URL', ['http://', 'https://'], {
    default: undefined,
    shown: "the shop's, in one process with it",
    help: 'Where the payments sandbox posts its webhooks: the /api/payments/webhook of a shop.',
  }),
}
