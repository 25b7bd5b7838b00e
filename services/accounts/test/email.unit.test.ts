import { describe, expect, it } from 'vitest'
import { parseEmail } from '../src/accounts/email.ts'

describe('an e-mail address', () => {
  it.each([
    ['ana@example.com', 'ana@example.com', 'ana@example.com'],
    ['  Ana@Example.COM ', 'Ana@Example.COM', 'ana@example.com'],
    ["o'neil+books@shop.example", "o'neil+books@shop.example", "o'neil+books@shop.example"],
    ['Ana@MÜNCHEN.example', 'Ana@MÜNCHEN.example', 'ana@xn--mnchen-3ya.example'],
    ['ana@xn--mnchen-3ya.example', 'ana@xn--mnchen-3ya.example', 'ana@xn--mnchen-3ya.example'],
    ['用户@例子.example', '用户@例子.example', '用户@xn--fsqu00a.example'],
  ])('%s is kept as %s and known as %s', (text, address, key) => {
    expect(parseEmail(text)).toEqual({ address, key })
  })

  it('is the same however its letters are composed', () => {
    expect(parseEmail('jose\u0301@example.com')).toEqual(parseEmail('jos\u00e9@example.com'))
  })

  it.each([
    '',
    'ana',
    '@example.com',
    'ana@',
    'ana@localhost',
    'ana@example..com',
    'ana@-example.com',
    'ana@[192.0.2.1]',
    '.ana@example.com',
    'ana.@example.com',
    'a..na@example.com',
    'ana maria@example.com',
    'ana@exam ple.com',
    'ana,bob@example.com',
    'ana@bob@example.com',
    '"ana"@example.com',
    '<ana@example.com>',
    'ana\u0000@example.com',
    'ana@exa\nmple.com',
    'ana@exa\tmple.com',
    'ana@exa\u200bmple.com',
    'ana@example.com\nBcc: all@example.com',
    `${'a'.repeat(65)}@example.com`,
    `${'é'.repeat(33)}@example.com`,
    `ana@${'a'.repeat(64)}.com`,
    `ana@${'a.'.repeat(125)}example.com`,
  ])('is not %j', (text) => {
    expect(parseEmail(text)).toBeNull()
  })

  it('may have 254 bytes and no more', () => {
    const domain = (length: number) => `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(length)}.example`
    const local = 'l'.repeat(64)
    const longest = `${local}@${domain(254 - 64 - 1 - 128 - 8)}`
    expect(longest).toHaveLength(254)
    expect(parseEmail(longest)).not.toBeNull()
    expect(parseEmail(`${local}@${domain(254 - 64 - 1 - 128 - 8 + 1)}`)).toBeNull()
  })
})
