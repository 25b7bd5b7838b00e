import { createHmac, timingSafeEqual } from 'node:crypto'

/** How old or early a signature may be, in milliseconds. */
const toleranceMs = 5 * 60_000

/** While the provider changes its secret, it signs with both. */
const maxSignatures = 5

/**
 * Whether the provider has signed these very bytes, within five minutes of now.
 * @param header `t=SECONDS,v1=HEX`, with HMAC SHA-256 over the seconds, a dot and the bytes
 */
export function isSigned(bytes: Buffer, header: string, secret: string, now: Date): boolean {
  const parts = header.split(',', maxSignatures + 1).map((part) => part.trim().split('='))
  const seconds = parts.find(([name]) => name === 't')?.[1] ?? ''
  if (!/^\d{1,12}$/.test(seconds)) return false
  if (Math.abs(now.getTime() - Number(seconds) * 1000) > toleranceMs) return false
  const expected = createHmac('sha256', secret).update(`${seconds}.`).update(bytes).digest()
  return parts.some(([name, value = '']) => {
    if (name !== 'v1' || !/^[0-9a-f]{64}$/.test(value)) return false
    return timingSafeEqual(Buffer.from(value, 'hex'), expected)
  })
}
