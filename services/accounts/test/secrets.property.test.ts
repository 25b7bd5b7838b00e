import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSecretKey, unwrapKey, wrapKey } from '../src/keys/key-wrap.ts'
import {
  formatRefreshToken,
  isSecret,
  newPassword,
  newSecret,
  parseRefreshToken,
  secretHash,
} from '../src/logins/secret-tokens.ts'
import { passwordFlaw } from '../src/passwords/password-rule.ts'

describe('refresh tokens', () => {
  it('carry the id of their family and a secret, of which the hash is kept', () => {
    fc.assert(
      fc.property(fc.uuid(), (familyId) => {
        const { secret, hash } = newSecret()
        const token = formatRefreshToken(familyId, secret)
        expect(token).toMatch(/^[A-Za-z0-9_-]{65}$/)
        expect(parseRefreshToken(token)).toEqual({ familyId, hash })
      }),
    )
  })

  it('are nothing else', () => {
    const token = formatRefreshToken('019a0000-0000-7000-8000-000000000000', newSecret().secret)
    for (const wrong of ['', token.slice(1), `${token}A`, token.replace(/^./, '='), `${token}\n`]) {
      expect(parseRefreshToken(wrong)).toBeNull()
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 64 }), (text) => {
        expect(parseRefreshToken(text)).toBeNull()
      }),
    )
  })
})

describe('secrets', () => {
  it('are 256 random bits, never twice the same', () => {
    const secrets = Array.from({ length: 1000 }, () => newSecret())
    expect(new Set(secrets.map(({ secret }) => secret)).size).toBe(1000)
    for (const { secret, hash } of secrets) {
      expect(isSecret(secret)).toBe(true)
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
      expect(secretHash(secret)).toEqual(hash)
    }
  })

  it('become passwords that a person can copy and the rules accept', () => {
    const password = newPassword()
    expect(password).toMatch(/^([0-9a-hjkmnp-tv-z]{5}-){4}[0-9a-hjkmnp-tv-z]{5}$/)
    expect(passwordFlaw(password, { email: 'admin@example.com', roles: ['admin'] })).toBeNull()
  })
})

describe('wrapped keys', () => {
  const secretKey = parseSecretKey(randomBytes(32).toString('base64url'))
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array))

  it('open with the same secret and id', () => {
    fc.assert(
      fc.property(bytes, fc.string(), (key, id) => {
        const wrapped = wrapKey(secretKey, id, key)
        expect(unwrapKey(secretKey, id, wrapped)).toEqual(key)
        expect(wrapped.length).toBe(key.length + 28)
      }),
    )
  })

  it('open with nothing else, and not when a bit has changed', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), (key, at) => {
        const wrapped = wrapKey(secretKey, 'id', key)
        const changed = Buffer.from(wrapped)
        const index = at % changed.length
        changed[index] = (changed[index] ?? 0) ^ 1
        expect(() => unwrapKey(secretKey, 'id', changed)).toThrow()
        expect(() => unwrapKey(secretKey, 'other', wrapped)).toThrow()
        expect(() => unwrapKey(randomBytes(32), 'id', wrapped)).toThrow()
      }),
    )
  })

  it.each(['', 'short', 'x'.repeat(44), `${'x'.repeat(42)}=`, `${'x'.repeat(42)}+`])(
    'need a key of 32 bytes in base64url, not %j',
    (text) => {
      expect(() => parseSecretKey(text)).toThrow('SECRET_KEY must be 32 bytes in base64url')
    },
  )
})
