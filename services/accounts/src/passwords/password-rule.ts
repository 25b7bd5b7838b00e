import type { Role } from '../accounts/roles.ts'
import { commonPasswords } from './common-passwords.ts'

/** Why a password cannot be used: a stable code, and words for the person who chose it. */
export interface PasswordFlaw {
  readonly code: 'too_short' | 'too_long' | 'too_common' | 'like_email'
  readonly message: string
}

/**
 * What a customer's password needs. NIST SP 800-63B-4 §3.1.1.2 asks for 15 characters where a password is all there
 * is, and 8 beside a second factor. A shop that asks its customers for 15 loses some of them, and what a stranger
 * gains by guessing is one customer's account, a few tries a minute: so theirs may have 8.
 */
export const shortestPassword = 8
/** What staff and admins need: theirs open the whole shop. */
export const shortestStaffPassword = 15
export const longestPassword = 200

/** Whose password it is to be. */
export interface PasswordOwner {
  readonly email: string
  readonly roles: readonly Role[]
}

/**
 * The form in which a password is hashed: NFC, so that keyboards that compose letters differently agree
 * (NIST SP 800-63B-4 §3.1.1.2).
 */
export function normalizedPassword(password: string): string {
  return password.normalize('NFC')
}

/**
 * Why `password` is refused for its owner, or null. Length and a list of the most common ones; no rules on kinds of
 * characters, which NIST SP 800-63B-4 advises against. Asked when a password is set: an account that becomes staff
 * later keeps the one it has, of which nobody can tell how long it is.
 */
export function passwordFlaw(password: string, { email, roles }: PasswordOwner): PasswordFlaw | null {
  const normalized = normalizedPassword(password)
  const length = [...normalized].length
  const isStaff = roles.some((role) => role !== 'customer')
  const shortest = isStaff ? shortestStaffPassword : shortestPassword
  if (length < shortest) return { code: 'too_short', message: `must have at least ${shortest} characters` }
  if (length > longestPassword) {
    return { code: 'too_long', message: `must have at most ${longestPassword} characters` }
  }
  const plain = normalized.toLowerCase()
  const address = email.toLowerCase()
  if (plain === address || plain === address.slice(0, address.lastIndexOf('@'))) {
    return { code: 'like_email', message: 'must not be the e-mail address' }
  }
  if (commonPasswords.has(plain) || new Set(plain).size === 1) {
    return { code: 'too_common', message: 'is one of the first that anybody would try' }
  }
  return null
}
