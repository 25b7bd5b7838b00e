import { describe, expect, test } from 'vitest'
import { parseIsbn } from '../src/index.ts'

const hungerGames = { isbn13: '9780439023481', isbn10: '0439023483' }

describe('parseIsbn reads an ISBN however people write it', () => {
  test.each([
    '9780439023481',
    '0439023483',
    ' 978-0-439-02348-1\t',
    '978 0 439 02348 1',
    '978–0–439–02348–1',
    '978‑0‑439‑02348‑1',
    '978−0−439−02348−1',
    '978-04390-2348-1',
    '978\u00a00439023481',
    '\u200e978-0439023481\u200f',
    '978\u00ad0439023481',
    '９７８－０４３９０２３４８１',
    'ISBN 9780439023481',
    'ISBN9780439023481',
    'isbn: 0-439-02348-3',
    'ISBN-13: 978-0-439-02348-1',
    'ISBN13:9780439023481',
    'ISBN-10 0439023483',
    'ISBN 10: 0-439-02348-3',
    'e-ISBN 9780439023481',
    'eISBN: 9780439023481',
    'urn:isbn:0439023483',
    'URN:ISBN:978-0-439-02348-1',
  ])('%j', (text) => {
    expect(parseIsbn(text)).toEqual({ ok: true, isbn: hungerGames })
  })

  test('x for ten in either case', () => {
    const isbn = { isbn13: '9780307348135', isbn10: '030734813X' }
    expect(parseIsbn('0-307-34813-x')).toEqual({ ok: true, isbn })
    expect(parseIsbn('030734813X')).toEqual({ ok: true, isbn })
  })

  test('979 has no ISBN-10', () => {
    expect(parseIsbn('979-10-91146-13-5')).toEqual({
      ok: true,
      isbn: { isbn13: '9791091146135', isbn10: null },
    })
  })

  test('the 13 and 10 that begin a number are not taken for a label', () => {
    expect(parseIsbn('ISBN 1338878921')).toMatchObject({ ok: true, isbn: { isbn10: '1338878921' } })
    expect(parseIsbn('ISBN 1035001799')).toMatchObject({ ok: true, isbn: { isbn10: '1035001799' } })
  })
})

describe('parseIsbn says why a text is none', () => {
  test.each([
    ['', 'isbn_missing', 'there is no ISBN'],
    [' \n', 'isbn_missing', 'there is no ISBN'],
    ['ISBN-13:', 'isbn_missing', 'there is no ISBN'],
    ['0000000000', 'isbn_missing', '0000000000 stands for no ISBN'],
    ['O439023483', 'isbn_characters', 'an ISBN cannot contain "O" (U+004F)'],
    ['043902348Х', 'isbn_characters', 'an ISBN cannot contain "Х" (U+0425)'],
    ['0439023483, 0307347974', 'isbn_characters', 'an ISBN cannot contain "," (U+002C)'],
    ['0439\u0000023483', 'isbn_characters', 'an ISBN cannot contain "\\u0000" (U+0000)'],
    ['043X023483', 'isbn_characters', 'X can only be the last of ten characters'],
    ['978043902348X', 'isbn_characters', 'X can only be the last of ten characters'],
    ['439023483', 'isbn_length', '9 digits; an ISBN has 10 or 13'],
    ['9780439023481 0439023483', 'isbn_length', '23 digits; an ISBN has 10 or 13'],
    [
      '4006381333931',
      'isbn_prefix',
      "an ISBN of 13 digits starts with 978 or 979; 400 is another article's EAN",
    ],
    ['979-0-060-11561-5', 'isbn_prefix', '979-0 is an ISMN: sheet music, not a book'],
    [
      '9780439023482',
      'isbn_check_digit',
      '9780439023482 ends in 2 where its other digits ask for 1: a digit is wrong',
    ],
    [
      '0307348131',
      'isbn_check_digit',
      '0307348131 ends in 1 where its other digits ask for X: a digit is wrong',
    ],
  ])('%j: %s', (text, code, message) => {
    expect(parseIsbn(text)).toEqual({ ok: false, code, message })
  })

  test('a text too long to be one is not read', () => {
    const message = '100 characters; an ISBN has 10 or 13 digits'
    expect(parseIsbn('9'.repeat(100))).toEqual({ ok: false, code: 'isbn_length', message })
  })
})
