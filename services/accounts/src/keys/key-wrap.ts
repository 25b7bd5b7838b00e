import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const nonceBytes = 12
const tagBytes = 16
const algorithm = 'aes-256-gcm'

/** SECRET_KEY in the form it is configured: 32 bytes in base64url. */
export const secretKeyPattern = /^[A-Za-z0-9_-]{43}$/

/** @throws Error when the text is not 32 bytes in base64url */
export function parseSecretKey(text: string): Buffer {
  if (!secretKeyPattern.test(text))
    throw new Error('SECRET_KEY must be 32 bytes in base64url (43 characters)')
  return Buffer.from(text, 'base64url')
}

/**
 * Encrypts a private key with AES-256-GCM (NIST SP 800-38D), bound to the key's id.
 * @returns nonce (12 bytes), ciphertext, tag (16 bytes)
 */
export function wrapKey(secretKey: Buffer, keyId: string, privateKey: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, secretKey, nonce).setAAD(Buffer.from(keyId))
  return Buffer.concat([nonce, cipher.update(privateKey), cipher.final(), cipher.getAuthTag()])
}

/** @throws Error when `secretKey` is not the one it was wrapped with, or a byte has changed */
export function unwrapKey(secretKey: Buffer, keyId: string, wrapped: Buffer): Buffer {
  const nonce = wrapped.subarray(0, nonceBytes)
  const tag = wrapped.subarray(-tagBytes)
  const decipher = createDecipheriv(algorithm, secretKey, nonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(keyId)).setAuthTag(tag)
  return Buffer.concat([decipher.update(wrapped.subarray(nonceBytes, -tagBytes)), decipher.final()])
}
