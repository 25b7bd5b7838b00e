import { commonPasswords } from './common-passwords.ts'

/** Why a password cannot be used: a stable code, and words for the person who chose it. */
export interface PasswordFlaw {
  readonly code: 'too_short' | 'too_long' | 'too_common' | 'like_email'
  readonly message: string
}

export const shortestPassword = 8
export const longestPassword = 200

/**
 * The form in which a password is hashed: NFC, so that keyboards that compose letters differently agree
 * (NIST SP 800-63B-4 §3.1.1.2).
 */
export function normalizedPassword(password: string): string {
  return password.normalize('NFC')
}

/**
 * Why `password` is refused for the account of `email`, or null. Length and a list of the most common ones;
 * no rules on kinds of characters, which NIST SP 800-63B-4 advises against.
 */
export function passwordFlaw(password: string, email: string): PasswordFlaw | null {
  const normalized = normalizedPassword(password)
  const length = [...normalized].length
  if (length < shortestPassword) {
    return { code: 'too_short', message: `must have at least ${shortestPassword} characters` }
  }
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
