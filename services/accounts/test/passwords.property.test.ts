import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Role } from '../src/accounts/roles.ts'
import { commonPasswords } from '../src/passwords/common-passwords.ts'
import {
  longestPassword,
  normalizedPassword,
  passwordFlaw,
  shortestPassword,
  shortestStaffPassword,
} from '../src/passwords/password-rule.ts'

const email = 'ana.books@example.com'
const code = (password: string, roles: readonly Role[] = ['customer']) =>
  passwordFlaw(password, { email, roles })?.code ?? null

describe('a password', () => {
  it('is refused by its length in characters, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300, size: 'max' }), (password) => {
        const length = [...normalizedPassword(password)].length
        const expected =
          length < shortestPassword ? 'too_short' : length > longestPassword ? 'too_long' : null
        if (expected) expect(code(password)).toBe(expected)
        else expect(['too_short', 'too_long']).not.toContain(code(password))
      }),
    )
  })

  it.each([
    [['customer'], shortestPassword],
    [['staff'], shortestStaffPassword],
    [['customer', 'admin'], shortestStaffPassword],
  ] as const)('of %j has at least %i characters', (roles, shortest) => {
    const letters = 'qzwxecrvtbynumi'
    expect(code(letters.slice(0, shortest), roles)).toBeNull()
    expect(code(letters.slice(0, shortest - 1), roles)).toBe('too_short')
  })

  it('is accepted when it is long enough and nothing anybody would try', () => {
    const random = fc.string({ minLength: 12, maxLength: 100 }).filter((text) => new Set(text).size > 3)
    fc.assert(
      fc.property(random, (password) => {
        expect(code(`${password} 7&`)).toBeNull()
      }),
    )
  })

  it.each(['12345678', 'Password1', 'QWERTYUIOP', 'aaaaaaaaaa', '🙂🙂🙂🙂🙂🙂🙂🙂'])(
    'is not %s',
    (password) => {
      expect(code(password)).toBe('too_common')
    },
  )

  it.each(['ana.books', 'Ana.Books', 'ana.books@example.com', 'ANA.BOOKS@example.com'])(
    'is not the e-mail address: %s',
    (password) => {
      expect(code(password)).toBe('like_email')
    },
  )

  it('is the same however its letters are composed', () => {
    expect(normalizedPassword('cafe\u0301 au lait')).toBe(normalizedPassword('caf\u00e9 au lait'))
  })

  it('is looked up in a list that holds only what the other rules let through', () => {
    for (const common of commonPasswords) {
      expect([...common].length).toBeGreaterThanOrEqual(shortestPassword)
      expect(common).toBe(normalizedPassword(common.toLowerCase()))
    }
  })
})
