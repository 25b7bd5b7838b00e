import { describe, expect, it } from 'vitest'
import { bibliographicLanguage } from '../src/books/languages.ts'

describe('the code of a language', () => {
  it.each([
    ['de', 'ger'],
    ['deu', 'ger'],
    ['ger', 'ger'],
    ['GER', 'ger'],
    ['de-AT', 'ger'],
    ['en_US', 'eng'],
    ['zh-Hant-TW', 'chi'],
    ['zho', 'chi'],
    ['fr', 'fre'],
    ['fra', 'fre'],
    [' nl ', 'dut'],
    ['cy', 'wel'],
    ['grc', 'grc'],
    ['el', 'gre'],
    // Codes for several languages and for none, which ONIX uses.
    ['mul', 'mul'],
    ['und', 'und'],
    ['zxx', 'zxx'],
    ['sla', 'sla'],
  ])('%s is %s', (given, expected) => {
    expect(bibliographicLanguage(given)).toBe(expected)
  })

  it.each(['', 'xx', 'english', 'Deutsch', 'qqq', '12', '--', 'constructor', '__proto__'])(
    '%j is none',
    (given) => {
      expect(bibliographicLanguage(given)).toBeUndefined()
    },
  )
})
