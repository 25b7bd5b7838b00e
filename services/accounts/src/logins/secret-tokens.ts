import { createHash, randomBytes } from 'node:crypto'

const secretBytes = 32
const idBytes = 16

/** A new secret of 256 bits in base64url, and what is kept of it. */
export function newSecret(): { secret: string; hash: Buffer } {
  const secret = randomBytes(secretBytes).toString('base64url')
  return { secret, hash: secretHash(secret) }
}

/** Whether the text has the form of a secret. */
export function isSecret(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** SHA-256 of a secret: 256 random bits cannot be guessed from it, so no slow hash is needed. */
export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** A refresh token as its holder sees it: the id of its family, then the secret, as one word. */
export function formatRefreshToken(familyId: string, secret: string): string {
  return Buffer.from(familyId.replaceAll('-', ''), 'hex').toString('base64url') + secret
}

const refreshToken = /^([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{43})$/

/** The parts of a refresh token, or null when it cannot be one. */
export function parseRefreshToken(token: string): { familyId: string; hash: Buffer } | null {
  const [, id, secret] = refreshToken.exec(token) ?? []
  if (!id || !secret) return null
  const hex = Buffer.from(id, 'base64url')
    .toString('hex')
    .slice(0, idBytes * 2)
  const familyId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { familyId, hash: secretHash(secret) }
}

/** A password for a person to copy: 25 letters and digits (125 bits) that are not mistaken for one another. */
export function newPassword(): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  const letters = [...randomBytes(25)].map((byte) => alphabet[byte % alphabet.length])
  return letters.join('').replace(/(.{5})(?=.)/g, '$1-')
}
