import { createHmac } from 'node:crypto'

export const signatureHeader = 'payments-signature'

/**
 * Signs a webhook as Stripe does (https://docs.stripe.com/webhooks#verify-manually): `t=SECONDS,v1=HEX`, with HMAC
 * SHA-256 over the seconds, a dot and the body's bytes.
 */
export function signatureOf(body: string, secret: string, at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000)
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}
