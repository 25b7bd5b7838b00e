import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { titleSort } from '../src/books/title-sort.ts'

describe('where a title is shelved', () => {
  it.each([
    ['The Hobbit', 'eng', 'Hobbit'],
    ['A Tale of Two Cities', 'eng', 'Tale of Two Cities'],
    ['An Ideal Husband', null, 'Ideal Husband'],
    ['THE RAVEN', 'eng', 'RAVEN'],
    ['Der Prozess', 'ger', 'Prozess'],
    ['Eine Frau in Berlin', 'ger', 'Frau in Berlin'],
    ['Die Hard', 'eng', 'Die Hard'],
    ['Les Misérables', 'fre', 'Misérables'],
    ["L'Étranger", 'fre', 'Étranger'],
    ['L’Étranger', 'fre', 'Étranger'],
    ['Un amour de Swann', 'fre', 'amour de Swann'],
    ['La casa de los espíritus', 'spa', 'casa de los espíritus'],
    ["Un'estate", 'ita', 'estate'],
    ['Gli indifferenti', 'ita', 'indifferenti'],
    ['O alquimista', 'por', 'alquimista'],
    ["'t Hooge Nest", 'dut', 'Hooge Nest'],
    ['’t Hooge Nest', 'dut', 'Hooge Nest'],
    ['Az ajtó', 'hun', 'ajtó'],
  ])('%s (%s) under %s', (title, language, expected) => {
    expect(titleSort(title, language)).toBe(expected)
  })

  it.each([
    ['The', 'eng'],
    ['A', 'eng'],
    ['A!', 'eng'],
    ['Them', 'eng'],
    ['Anna Karenina', 'eng'],
    ['Theseus', null],
    ['L', 'fre'],
    ['Lolita', 'fre'],
    ['Война и мир', 'rus'],
    ['雪国', 'jpn'],
    ['The Unknown', 'swe'],
  ])('%s (%s) as it stands', (title, language) => {
    expect(titleSort(title, language)).toBe(title)
  })

  it.each([
    ['"The Raven" and Other Poems', 'Raven" and Other Poems'],
    ['...And Then There Were None', 'And Then There Were None'],
    ['¿Quién mató a Palomino Molero?', 'Quién mató a Palomino Molero?'],
    ["'Salem's Lot", "Salem's Lot"],
    ['‘Salem’s Lot', 'Salem’s Lot'],
    ['’Salem’s Lot', 'Salem’s Lot'],
    ['(A) Lover', 'A) Lover'],
  ])('%s without what stands before its first letter', (title, expected) => {
    expect(titleSort(title, 'eng')).toBe(expected)
  })

  it.each(['!!!', '?', '🎉🎉', '…'])('%s, which has neither letter nor digit, as it is', (title) => {
    expect(titleSort(title, null)).toBe(title)
  })

  it('is never empty, never longer than an index entry allows, and part of the title', () => {
    const title = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
      fc
        .array(fc.constantFrom('The', "L'", '’t', 'a', '...', 'Ärger', "'", ' '), { minLength: 1 })
        .map((words) => words.join(' ')),
    )
    const language = fc.constantFrom('eng', 'fre', 'dut', 'ita', null, 'rus')
    fc.assert(
      fc.property(title, language, (text, code) => {
        const sorted = titleSort(text, code)
        expect(sorted.length).toBeGreaterThan(0)
        expect(sorted.length).toBeLessThanOrEqual(200)
        expect(sorted.isWellFormed()).toBe(true)
        if (sorted.length < 200) expect(text.normalize('NFC').endsWith(sorted)).toBe(true)
      }),
    )
  })
})
