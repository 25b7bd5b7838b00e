import { hkdfSync } from 'node:crypto'

/**
 * A key of 32 bytes for one purpose, made of the shop's secret key, so that every process has the same and none of
 * them tells another (HKDF, RFC 5869).
 * @param purpose what it is for: the same for ever, since what was made with the key would be lost
 */
export function deriveKey(secretKey: string, purpose: string): Buffer {
  return Buffer.from(
    hkdfSync('sha256', Buffer.from(secretKey, 'base64url'), Buffer.alloc(0), `colophon ${purpose}`, 32),
  )
}
