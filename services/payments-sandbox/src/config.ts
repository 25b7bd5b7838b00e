import { integer, url } from '@colophon/runtime'

/** The settings of the payments sandbox, besides PAYMENTS_KEY and PAYMENTS_WEBHOOK_SECRET, which the shop has too. */
export const paymentsSandboxSettings = {
  sandboxWebhookUrl: url('SANDBOX_WEBHOOK_URL', ['http://', 'https://'], {
    default: undefined,
    shown: "the shop's, in one process with it",
    help: 'Where the payments sandbox posts its webhooks: the /api/payments/webhook of a shop.',
  }),
  sandboxLateMs: integer('SANDBOX_LATE_MS', {
    default: 3_000,
    min: 0,
    max: 50_000,
    help: 'How long the payments sandbox takes to answer tok_late, and to decide about tok_webhook_only, in milliseconds.',
  }),
  sandboxHangMs: integer('SANDBOX_HANG_MS', {
    default: 30_000,
    min: 0,
    max: 50_000,
    help: 'After how long the payments sandbox closes a connection that it is not to answer on, in milliseconds.',
  }),
}
