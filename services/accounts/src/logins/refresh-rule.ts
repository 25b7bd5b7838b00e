import { timingSafeEqual } from 'node:crypto'

/** What is to become of a family of refresh tokens when one of them is presented. */
export type RefreshVerdict = 'rotate' | 'expired' | 'replayed'

/**
 * Judges a presented refresh token by its family's row. Any but the newest has been used before: it, or the one
 * that took its place, is in the wrong hands (RFC 9700 §4.14.2).
 */
export function judgeRefresh(
  family: { tokenHash: Buffer; expiresAt: Date },
  presentedHash: Buffer,
  now: Date,
): RefreshVerdict {
  if (family.expiresAt <= now) return 'expired'
  return timingSafeEqual(family.tokenHash, presentedHash) ? 'rotate' : 'replayed'
}
