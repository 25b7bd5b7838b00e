import { describe, expect, it } from 'vitest'
import { nameFlaw } from '../src/accounts/names.ts'
import { actingRoles, sortedRoles } from '../src/accounts/roles.ts'
import { expiryAfterUse } from '../src/logins/lifetimes.ts'
import { judgeRefresh } from '../src/logins/refresh-rule.ts'

const day = 24 * 60 * 60 * 1000
const start = new Date('2026-03-01T00:00:00Z')
const after = (days: number) => new Date(start.getTime() + days * day)

describe('how long a login lasts', () => {
  it('is 30 days from its last use', () => {
    expect(expiryAfterUse(start, start)).toEqual(after(30))
    expect(expiryAfterUse(start, after(29))).toEqual(after(59))
  })

  it('is 90 days in all', () => {
    expect(expiryAfterUse(start, after(60))).toEqual(after(90))
    expect(expiryAfterUse(start, after(89))).toEqual(after(90))
  })
})

describe('the name of an account', () => {
  it.each(['Ana', ' Ana ', '村上 春樹', 'x'.repeat(200), '😀'.repeat(200)])('may be %j', (name) => {
    expect(nameFlaw(name)).toBeNull()
  })

  it.each([
    ['', 'blank'],
    [' \t\n', 'blank'],
    ['x'.repeat(201), 'too_long'],
    ['Ana\r\nBcc: x', 'more_than_one_line'],
    ['Ana\u2028x', 'more_than_one_line'],
    ['Ana\0', 'more_than_one_line'],
    ['\u001b[31mAna', 'more_than_one_line'],
  ])('may not be %j: %s', (name, code) => {
    expect(nameFlaw(name)?.code).toBe(code)
  })
})

describe('a presented refresh token', () => {
  const newest = Buffer.alloc(32, 1)
  const used = Buffer.alloc(32, 2)
  const family = { tokenHash: newest, expiresAt: after(30) }

  it.each([
    ['the newest', newest, after(29), 'rotate'],
    ['the newest, at the moment it expires', newest, after(30), 'expired'],
    ['a used one', used, after(1), 'replayed'],
    ['a used one of a family that has expired', used, after(31), 'expired'],
  ])('%s', (_what, hash, now, verdict) => {
    expect(judgeRefresh(family, hash, now)).toBe(verdict)
  })
})

describe('roles', () => {
  it('make an admin act as staff too', () => {
    expect(actingRoles(['admin'])).toEqual(['staff', 'admin'])
    expect(actingRoles(['customer', 'staff'])).toEqual(['customer', 'staff'])
    expect(actingRoles(['customer'])).toEqual(['customer'])
  })

  it('are kept once each and in one order', () => {
    expect(sortedRoles(['admin', 'customer', 'admin'])).toEqual(['customer', 'admin'])
  })
})
