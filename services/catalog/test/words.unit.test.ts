import { describe, expect, it } from 'vitest'
import { fold, indexWords, nameKey, queryWords } from '../src/search/words.ts'

describe('fold', () => {
  it.each([
    ['Čapek', 'capek'],
    ['Ångström', 'angstrom'],
    ['Åse Bjørnø', 'ase bjorno'],
    ['Straße', 'strasse'],
    ['STRAẞE', 'strasse'],
    ['Œuvres', 'oeuvres'],
    ['Łódź', 'lodz'],
    ['Þórbergur', 'thorbergur'],
    ['İstanbul, ılık', 'istanbul, ilik'],
    ['Ёлка и йод', 'елка и иод'],
    ['ＦＵＬＬ　ｗｉｄｔｈ', 'full width'],
    ['ﬁn de siècle', 'fin de siecle'],
    ['ОДИССЕЯ', 'одиссея'],
    ['שָׁלוֹם', 'שלום'],
    ['مُحَمَّد', 'محمد'],
    ['Việt Nam', 'viet nam'],
  ])('%s is compared as %s', (text, expected) => {
    expect(fold(text)).toBe(expected)
  })

  it('makes no difference of how a letter was typed: composed or decomposed', () => {
    expect(fold('cafe\u0301')).toBe(fold('caf\u00e9'))
    expect(fold('한글'.normalize('NFD'))).toBe(fold('한글'))
  })

  it('takes the sigma at the end of a Greek word for the same letter, so that half a word finds the whole', () => {
    expect(fold('ΟΔΥΣΣΕΥΣ')).toBe(fold('οδυσσευσ'))
    expect(fold('Αστερίξ').startsWith(fold('ΑΣ'))).toBe(true)
  })
})

describe('the words a text is found by', () => {
  it.each([
    ['The Hobbit', ['the', 'hobbit']],
    ['Catch-22', ['catch22', 'catch', '22']],
    ["O'Brien", ['o', 'brien', 'obrien']],
    ['Philosopher’s', ['philosopher', 's', 'philosophers']],
    ['J.K. Rowling', ['j', 'k', 'jk', 'rowling']],
    ['C. S.', ['c', 's', 'cs']],
    ['Plan B', ['plan', 'b']],
    ['雪国', ['雪', '国', '雪国']],
    [
      'ノルウェイの森 (上)',
      [...'ノルウェイの森', 'ノル', 'ルウ', 'ウェ', 'ェイ', 'イの', 'の森', '森上', '上'],
    ],
    ['村上 春樹', ['村', '上', '春', '樹', '村上', '上春', '春樹']],
    ['ク・ク 2', ['ク', 'クク', '2']],
    ['!!!', []],
    ['', []],
  ])('%s', (text, expected) => {
    expect([...new Set(indexWords(text))].sort()).toEqual(expected.sort())
  })

  it.each(['ʼOkina', 'ʻOkina', 'qurʼ', 'ŉ', 'ʼ', "ʼ'ʼ"])(
    'leaves nothing empty of an apostrophe that Unicode counts as a letter: %s',
    (text) => {
      expect(indexWords(text)).not.toContain('')
      expect(queryWords(text)).not.toContain('')
    },
  )

  it('are bounded, however long the text has none of its spaces', () => {
    for (const word of [...indexWords('x'.repeat(1000)), ...queryWords('𝒳'.repeat(500))]) {
      expect(word.length).toBeLessThanOrEqual(60)
    }
  })
})

describe('the words a query asks for', () => {
  it.each([
    ["o'brien", ['obrien']],
    ['J.K. Rowling', ['j', 'k', 'rowling']],
    ['雪国', ['雪国']],
    ['雪', ['雪']],
    ['村上春樹 1Q84', ['村上', '上春', '春樹', '1q84']],
    ['& | ! :*', []],
  ])('%s', (text, expected) => {
    expect(queryWords(text)).toEqual(expected)
  })

  it('are found whichever apostrophe was typed', () => {
    for (const apostrophe of ["'", '’', 'ʼ', 'ʻ', '‘']) {
      const indexed = new Set(indexWords('O’Brien'))
      const wanted = queryWords(`o${apostrophe}brien`)
      expect(wanted.filter((word) => !indexed.has(word))).toEqual([])
    }
  })
})

describe('nameKey', () => {
  it.each([
    ['J. K. Rowling', 'j k rowling'],
    ['  J.K.   ROWLING ', 'j k rowling'],
    ['!!!', '!!!'],
    [' ?! ', '?!'],
  ])('%s is %s', (name, key) => {
    expect(nameKey(name)).toBe(key)
  })

  it('is short enough for an index entry and whole text at its end', () => {
    const key = nameKey('😀'.repeat(500))
    expect(key.length).toBeLessThanOrEqual(200)
    expect(key.isWellFormed()).toBe(true)
  })
})

it('hyphenated words are found apart and as one', () => {
  expect(indexWords('Spider-Man: Catch-22')).toEqual(
    expect.arrayContaining(['spider', 'man', 'spiderman', 'catch', '22', 'catch22']),
  )
})
