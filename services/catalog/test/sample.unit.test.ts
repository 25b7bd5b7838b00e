import { readFileSync } from 'node:fs'
import { hyphenate, parseIsbn } from '@colophon/isbn'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'

function sampleFile(name: string): Buffer {
  return readFileSync(new URL(`../sample/${name}`, import.meta.url))
}

const file = sampleFile('books.csv')
const books = parse<Record<string, string>>(file, { columns: true })

function column(name: string): string[] {
  return books.map((book) => book[name] ?? `no column ${name}`)
}

function share(name: string, has: (value: string) => boolean): number {
  return column(name).filter(has).length / books.length
}

describe('the sample catalogue', () => {
  test('is about a thousand titles in a file that stays light', () => {
    expect(books.length).toBeGreaterThanOrEqual(900)
    expect(books.length).toBeLessThanOrEqual(1100)
    expect(file.length).toBeLessThan(250_000)
  })

  test('is in the plain layout, in UTF-8', () => {
    expect(file.toString().split('\n')[0]).toBe(
      'recordId,isbn,title,subtitle,contributors,publisher,year,publishedOn,language,format,pages,subjects,' +
        'description,price,currency,stock,popularity,coverUrl',
    )
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(file)).not.toThrow()
  })

  test('has an ISBN-13 for every title that is valid, in an assigned range, and nobody else’s', () => {
    const isbns = column('isbn')
    for (const isbn of isbns) {
      expect(parseIsbn(isbn)).toMatchObject({ ok: true, isbn: { isbn13: isbn } })
      expect(hyphenate(isbn)).toMatch(/^97[89](-\d+){3}-\d$/)
    }
    expect(new Set(isbns).size).toBe(books.length)
    expect(new Set(column('recordId')).size).toBe(books.length)
  })

  test('has fields that an import takes without complaint', () => {
    for (const book of books) {
      expect(book).toMatchObject({
        title: expect.stringMatching(/^\S(.*\S)?$/),
        contributors: expect.stringMatching(/^[^;\s](?:[^;]*[^;\s])?(?:; [^;\s][^;]*)*$/),
        year: expect.stringMatching(/^(-?[1-9]\d{0,3})?$/),
        language: expect.stringMatching(/^([a-z]{3})?$/),
        price: expect.stringMatching(/^\d{1,2}\.\d\d$/),
        currency: 'EUR',
        stock: expect.stringMatching(/^\d{1,2}$/),
        popularity: expect.stringMatching(/^[1-9]\d*$/),
        coverUrl: expect.stringMatching(/^(https:\/\/\S+)?$/),
      })
    }
  })

  test('has prices and stock as a shop would, made up and no more', () => {
    const prices = column('price').map(Number)
    expect(Math.min(...prices)).toBeGreaterThanOrEqual(4.99)
    expect(Math.max(...prices)).toBeLessThanOrEqual(34.99)
    expect(share('stock', (stock) => stock === '0')).toBeCloseTo(0.08, 1)
  })

  test('invents nothing that goodbooks does not have', () => {
    for (const name of ['publisher', 'publishedOn', 'format', 'pages', 'subjects', 'description']) {
      expect(
        share(name, (value) => value === ''),
        name,
      ).toBe(1)
    }
  })

  test('has more than English: scripts, accents, languages, years before the common era', () => {
    expect(new Set(column('language')).size).toBeGreaterThan(15)
    expect(books.find((book) => book.isbn === '9785080039157')).toMatchObject({
      title: 'Горе от ума',
      language: 'rus',
    })
    expect(books.find((book) => book.title === 'The Odyssey')).toMatchObject({ year: '-720' })
  })

  test('shows a title without its series, and keeps the series', () => {
    expect(books[0]).toMatchObject({ title: 'The Hunger Games', subtitle: 'The Hunger Games, #1' })
    expect(column('title').filter((title) => /\(.*#\d/.test(title))).toEqual([])
  })

  test('says whose it is and under which licence', () => {
    for (const name of ['README.md', 'LICENSE']) {
      const text = sampleFile(name).toString()
      for (const due of [
        'CC BY-SA 4.0',
        'https://creativecommons.org/licenses/by-sa/4.0/',
        'Zygmunt',
        'Zając',
      ]) {
        expect(text, name).toContain(due)
      }
      expect(text, name).toContain('https://github.com/zygmuntz/goodbooks-10k')
    }
    expect(sampleFile('README.md').toString()).toContain(`${books.length} real titles`)
    expect(sampleFile('README.md').toString()).toContain('Prices and stock are made up')
  })
})
