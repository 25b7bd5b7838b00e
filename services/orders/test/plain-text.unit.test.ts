import { expect, test } from 'vitest'
import { oneLine, sentence, wrapped } from '../src/mail/plain-text.ts'

test.each([
  ['a\r\nSubject: b\u0000\u2028c', 'a Subject: b c'],
  ['  \u202eeman\u202c  ', 'eman'],
  ['کتاب\u200cها 👩\u200d🚀', 'کتاب\u200cها 👩\u200d🚀'],
  ['x'.repeat(301), `${'x'.repeat(300)}...`],
])('%j is one line', (text, line) => {
  expect(oneLine(text)).toBe(line)
})

test.each([
  ['it was not paid in time', 'It was not paid in time.'],
  ['why?', 'Why?'],
  ['', ''],
])('%j is a sentence', (text, full) => {
  expect(sentence(text)).toBe(full)
})

test('paragraphs have short lines, but for words that are longer', () => {
  const word = 'w'.repeat(80)
  const lines = wrapped(`${'four '.repeat(30)}${word} end`, '  ').split('\n')
  expect(lines.filter((line) => line.length > 72)).toEqual([`  ${word}`])
  expect(lines.slice(1).every((line) => line.startsWith('  '))).toBe(true)
  expect(lines.join(' ').split(/ +/)).toEqual([...Array(30).fill('four'), word, 'end'])
})
