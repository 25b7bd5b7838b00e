import { describe, expect, test } from 'vitest'
import { type ReadRow, readRow } from '../src/import/feed-book.ts'
import { priceParser } from '../src/import/fields/price.ts'
import { type Reading, recognise } from '../src/import/layouts/index.ts'

const shop = { currency: 'EUR', price: priceParser('EUR') }

function read(reading: Reading, cells: readonly string[]): ReadRow {
  return readRow({ line: 2, cells: [...cells] }, reading, shop)
}

/** Reads one row of a plain file with these columns. */
function plainRow(row: Readonly<Record<string, string>>): ReadRow {
  const full = { recordId: 'r1', title: 'T', ...row }
  return read(recognise(Object.keys(full)), Object.values(full))
}

function plainFields(row: Readonly<Record<string, string>>) {
  return plainRow(row).book?.fields
}

function codes({ issues }: ReadRow): string[] {
  return issues.map(({ code, severity }) => `${severity} ${code}`)
}

describe('goodbooks', () => {
  const header =
    'book_id,goodreads_book_id,best_book_id,work_id,books_count,isbn,isbn13,authors,original_publication_year,' +
    'original_title,title,language_code,average_rating,ratings_count,image_url'
  const reading = recognise(header.split(','))
  const row = (changes: Record<string, string>) => {
    const cells: Record<string, string> = {
      book_id: '1',
      goodreads_book_id: '2767052',
      isbn: '439023483',
      isbn13: '9.78043902348e+12',
      authors: 'Suzanne Collins, Mary  GrandPré, Suzanne Collins',
      original_publication_year: '-720.0',
      title: 'The Hunger Games (The Hunger Games, #1)',
      language_code: 'en-US',
      ratings_count: '4780653',
      image_url: 'https://example.com/m/2767052.jpg',
      ...changes,
    }
    return read(
      reading,
      header.split(',').map((name) => cells[name] ?? ''),
    )
  }

  test('is known by its columns and gives what a shop needs', () => {
    expect(reading).toMatchObject({ layout: { name: 'goodbooks', source: 'goodbooks' }, isHeader: true })
    expect(reading.ignored).toContain('book_id')
    expect(row({}).book).toMatchObject({
      recordId: '2767052',
      fields: {
        isbn13: '9780439023481',
        title: 'The Hunger Games',
        subtitle: 'The Hunger Games, #1',
        contributors: [
          { name: 'Suzanne Collins', role: 'author' },
          { name: 'Mary GrandPré', role: 'author' },
        ],
        year: -720,
        language: 'eng',
        popularity: 4780653,
        coverUrl: 'https://example.com/m/2767052.jpg',
      },
    })
    expect(codes(row({}))).toEqual(['warning isbn_repaired'])
  })

  test.each([
    ['Dune (Dune Chronicles #1)', 'Dune', 'Dune Chronicles #1'],
    ['The Fault (in Our Stars)', 'The Fault (in Our Stars)', null],
    ['The Gunslinger  (The Dark Tower (Revised), #1)', 'The Gunslinger', 'The Dark Tower (Revised), #1'],
    ['Emma (Annotated) (Austen, #4; Classics, #12)', 'Emma (Annotated)', 'Austen, #4; Classics, #12'],
    ['(Untitled #1)', '(Untitled #1)', null],
  ])('of %s takes the series for a subtitle, as the sample does', (title, ...expected) => {
    const { title: read, subtitle } = row({ title }).book?.fields ?? {}
    expect([read, subtitle]).toEqual(expected)
  })

  test('does not take the picture that stands for no cover', () => {
    expect(
      row({ image_url: 'https://s.gr-assets.com/assets/nophoto/book/x.png' }).book?.fields.coverUrl,
    ).toBe(null)
  })

  test('takes the ISBN-10 as written before what is left of the ISBN-13, and says that they differ', () => {
    const read = row({ isbn: '0439023483', isbn13: '9.78055381395e+12' })
    expect(read.book?.fields.isbn13).toBe('9780439023481')
    expect(read.issues).toMatchObject([{ code: 'isbn_mismatch', column: 'isbn13', severity: 'warning' }])
  })

  test('does not believe a repaired ISBN that what is left of the other speaks against', () => {
    const read = row({ isbn13: '9.78055381395e+12' })
    expect(read.book?.fields.isbn13).toBeUndefined()
    expect(read.isbn?.outcome).toBe('invalid')
  })

  test('the edition on Kaggle has Goodreads’ id in book_id', () => {
    const kaggle = recognise(
      'id,book_id,best_book_id,work_id,authors,original_publication_year,title'.split(','),
    )
    expect(read(kaggle, ['1', '2767052', '3', '4', 'A', '2008.0', 'T']).book?.recordId).toBe('2767052')
  })
})

describe('book30', () => {
  const first = ['60750715', '0060750715.jpg', 'http://x.example/a.jpg', 'T', 'A', '1', 'History']
  const reading = recognise(first)

  test('is known by its first row, which is a book', () => {
    expect(reading).toMatchObject({ layout: { name: 'book30' }, isHeader: false })
    expect(read(reading, first).book).toMatchObject({
      recordId: '0060750715',
      fields: {
        isbn13: '9780060750718',
        contributors: [{ name: 'A', role: 'author' }],
        subjects: [{ scheme: 'keyword', code: 'history', text: 'History' }],
      },
    })
    expect(read(reading, first)).toMatchObject({ issues: [], isbn: { outcome: 'valid' } })
  })

  test('an article that is no ISBN is kept under its number', () => {
    const row = read(reading, [
      'B003YCQCYE',
      'B003YCQCYE.jpg',
      'http://x.example/b.jpg',
      'T',
      '',
      '1',
      'History',
    ])
    expect(row.book).toMatchObject({ recordId: 'B003YCQCYE', fields: { isbn13: null, contributors: [] } })
    expect(row).toMatchObject({ issues: [], isbn: { outcome: 'missing' } })
  })
})

describe('the columns of the plain layout', () => {
  test('are found by any of their usual names, in any case and order', () => {
    const header = ['PUBLISHED_YEAR', 'Author(s)', 'EAN-13', 'Book Title', 'Warehouse', 'ISBN_10']
    expect(recognise(header)).toMatchObject({
      layout: { name: 'plain' },
      found: ['PUBLISHED_YEAR', 'Author(s)', 'EAN-13', 'Book Title', 'ISBN_10'],
      ignored: ['Warehouse'],
    })
  })

  test('can be named by the caller where the file does not', () => {
    const columns = ['isbn', '-', 'cover_url', 'title']
    const reading = recognise(['9780439023481', 'x', 'http://x.example/a.jpg', 'T'], columns)
    expect(reading.isHeader).toBe(false)
    expect(read(reading, ['9780439023481', 'x', 'http://x.example/a.jpg', 'T']).book).toMatchObject({
      recordId: '9780439023481',
      fields: { title: 'T', coverUrl: 'http://x.example/a.jpg' },
    })
    expect(recognise(['ISBN', 'x', 'Image', 'Title'], columns).isHeader).toBe(true)
  })

  test.each([
    [['foo', 'bar'], undefined, 'layout_unknown', /names no column "title" \(it begins "foo, bar"\)/],
    [
      ['1', 'T'],
      ['isbn', 'titel'],
      'columns_invalid',
      /no column "titel": the columns are recordId, isbn, title/,
    ],
    [['1', 'T'], ['isbn', '-'], 'columns_invalid', /name the column "title"/],
    [['1', 'T', 'x'], ['isbn', 'title'], 'columns_invalid', /3 columns and 2 are named/],
  ])('%j named %j are refused: %s', (first, columns, code, message) => {
    const recognised = () => recognise(first, columns)
    expect(recognised).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
  })
})

describe('the fields of the plain layout', () => {
  test('are read as people write them', () => {
    const row = plainRow({
      isbn: '978-0-439-02348-1',
      title: '  Die   Verwandlung ',
      subtitle: 'Erza\u0308hlung',
      contributors:
        'Franz Kafka; Ian Johnston (Translator); J. Doe (ed.); FAA (Federal Aviation Administration)',
      publisher: 'Kurt Wolff',
      publishedOn: '14.9.2008',
      language: 'German',
      format: 'Mass Market Paperback',
      pages: '96.0',
      subjects: 'thema:FBC Modern classics; Novella; bisac:FIC004000',
      description: 'Als Gregor Samsa\neines Morgens erwachte',
      price: '€ 1.234,50',
      stock: '3',
      popularity: '7',
      coverUrl: 'https://x.example/c.jpg',
    })
    expect(row.issues).toEqual([])
    expect(row.book?.fields).toMatchObject({
      isbn13: '9780439023481',
      title: 'Die Verwandlung',
      subtitle: 'Erzählung',
      contributors: [
        { name: 'Franz Kafka', role: 'author' },
        { name: 'Ian Johnston', role: 'translator' },
        { name: 'J. Doe', role: 'editor' },
        { name: 'FAA (Federal Aviation Administration)', role: 'author' },
      ],
      publisher: { name: 'Kurt Wolff' },
      year: 2008,
      publishedOn: '2008-09-14',
      language: 'ger',
      format: 'paperback',
      pages: 96,
      subjects: [
        { scheme: 'thema', code: 'FBC', text: 'Modern classics' },
        { scheme: 'keyword', code: 'novella', text: 'Novella' },
        { scheme: 'bisac', code: 'FIC004000', text: 'FIC004000' },
      ],
      description: 'Als Gregor Samsa\neines Morgens erwachte',
      price: { amount: 123450, currency: 'EUR' },
      inStock: true,
      popularity: 7,
      coverUrl: 'https://x.example/c.jpg',
    })
  })

  test('that cannot be right are left out with a warning that names column and value', () => {
    const row = plainRow({
      year: '20085',
      publishedOn: '2008-02-30',
      language: 'xx',
      format: 'scroll',
      pages: '0',
      price: '1.234',
      popularity: '-1',
      coverUrl: 'ftp://x.example/c.jpg',
      contributors: `${'x'.repeat(301)}; Ann`,
    })
    expect(codes(row).toSorted()).toEqual([
      'warning contributors_invalid',
      'warning cover_url_invalid',
      'warning format_invalid',
      'warning language_unknown',
      'warning pages_invalid',
      'warning popularity_invalid',
      'warning price_invalid',
      'warning published_on_invalid',
      'warning year_invalid',
    ])
    expect(row.issues).toContainEqual({
      line: 2,
      column: 'pages',
      code: 'pages_invalid',
      value: '0',
      message: 'must be a whole number from 1 to 100000',
      severity: 'warning',
    })
    const { year, pages, price, contributors } = row.book?.fields ?? {}
    expect({ year, pages, price, contributors }).toEqual({
      year: undefined,
      pages: undefined,
      price: undefined,
      contributors: [{ name: 'Ann', role: 'author' }],
    })
  })

  test.each([
    ['2008-09-14T10:00:00Z', 2008, '2008-09-14'],
    ['20080914', 2008, '2008-09-14'],
    ['9/16/2006', 2006, '2006-09-16'],
    ['16/9/2006', 2006, '2006-09-16'],
    ['9/1/2004', 2004, null],
    ['1997-05', 1997, null],
    ['1997', 1997, null],
  ])('the date %s is the year %s and the day %s', (publishedOn, year, day) => {
    expect(plainFields({ publishedOn })).toMatchObject({ year, publishedOn: day })
  })

  test.each([
    ['12.99', 1299],
    ['12,99', 1299],
    ['12.9', 1290],
    ['12', 1200],
    ['EUR 12.99', 1299],
    ['12.99 €', 1299],
    ['1,234.56', 123456],
    ["1'234.50", 123450],
    ['1.234.567', 123456700],
    ['0', 0],
  ])('the price %s is %s cents', (price, amount) => {
    expect(plainFields({ price })?.price).toEqual({ amount, currency: 'EUR' })
  })

  test.each(['12.990', '1,234', '12.345', '-1', 'free', '1.2.3', '99999999999'])(
    'the price %s is none',
    (price) => {
      const row = plainRow({ price })
      expect(row.book?.fields.price).toBeUndefined()
      expect(codes(row)).toEqual(['warning price_invalid'])
    },
  )

  test('a price in another currency is left out', () => {
    for (const row of [plainRow({ price: '12.99', currency: 'USD' }), plainRow({ price: '$12.99' })]) {
      expect(row.book?.fields.price).toBeUndefined()
      expect(codes(row)).toEqual(['warning price_currency'])
    }
    expect(priceParser('JPY')('1,200', null)).toEqual({ value: { amount: 1200, currency: 'JPY' } })
    expect(priceParser('KWD')('1.250', null)).toEqual({ value: { amount: 1250, currency: 'KWD' } })
  })

  test('an empty cell or a word for nothing says that there is nothing, an absent column says nothing', () => {
    const fields = plainFields({ subtitle: '', year: 'NULL', publisher: 'n/a', contributors: '', stock: '' })
    expect(fields).toMatchObject({ subtitle: null, year: null, publisher: null, contributors: [] })
    expect(fields?.pages).toBeUndefined()
    expect(fields?.inStock).toBeUndefined()
  })

  test('roles come from the column, too', () => {
    expect(plainFields({ author: 'Ann', illustrators: 'Bob; Cy' })?.contributors).toEqual([
      { name: 'Ann', role: 'author' },
      { name: 'Bob', role: 'illustrator' },
      { name: 'Cy', role: 'illustrator' },
    ])
  })

  test('control characters are left out, and lost ones are warned of', () => {
    const row = plainRow({ title: 'Caf\u0081e\u0301', publisher: 'Caf\ufffd' })
    expect(row.book?.fields).toMatchObject({ title: 'Café', publisher: { name: 'Caf\ufffd' } })
    expect(row.issues.map(({ code, value }) => [code, value])).toEqual([
      ['characters_damaged', 'Caf\\u0081e\u0301'],
      ['characters_damaged', 'Caf\ufffd'],
    ])
  })
})

describe('ISBNs of the plain layout', () => {
  test.each([
    // What stands in isbn10 and isbn13, what is taken, the row's outcome, the warnings.
    ['043902348X', '9780439023481', '9780439023481', 'valid', ['isbn_check_digit']],
    ['0439023483', '9.78E+12', '9780439023481', 'valid', []],
    ['439023483', '', '9780439023481', 'repaired', ['isbn_repaired']],
    ['439023483', '9780316015844', '9780316015844', 'valid', ['isbn_mismatch']],
    ['0439023483', '9780316015844', undefined, 'invalid', ['isbn_mismatch']],
    ['', '9.78E+12', undefined, 'destroyed', ['isbn_destroyed']],
    ['', '12345', undefined, 'invalid', ['isbn_length']],
    ['', '', null, 'missing', []],
  ])('%j and %j: %j', (isbn10, isbn13, taken, outcome, warnings) => {
    const row = plainRow({ isbn10, isbn13 })
    expect(row.book?.fields.isbn13).toBe(taken)
    expect(row.isbn?.outcome).toBe(outcome)
    expect(row.issues.map(({ code }) => code)).toEqual(warnings)
  })
})

describe('rows that are refused', () => {
  const reading = recognise(['isbn', 'title', 'recordId'])

  test.each([
    ['title_missing', ['', ' ', 'r1']],
    ['title_missing', ['', 'x'.repeat(1001), 'r1']],
    ['no_identity', ['9.78E+12', 'T', '']],
    ['no_identity', ['', 'T', '']],
    ['record_id_too_long', ['', 'T', 'r'.repeat(201)]],
    ['nul_character', ['', 'T\0', 'r1']],
    ['row_too_long', ['', 'T', 'r1', 'x']],
  ])('%s', (code, cells) => {
    const row = read(reading, cells)
    expect(row.book).toBeUndefined()
    expect(row.issues.filter(({ severity }) => severity === 'refused')).toMatchObject([{ code, line: 2 }])
  })

  test('a row that ends early says nothing of the rest', () => {
    const row = read(recognise(['recordId', 'title', 'subtitle']), ['r1', 'T'])
    expect(codes(row)).toEqual(['warning row_short'])
    expect(row.book?.fields.subtitle).toBeUndefined()
    const [one] = read(recognise(['title', 'recordId']), ['T']).issues
    expect(one?.message).toMatch(/^1 cell in 2 columns/)
  })

  test('without record id, the ISBN is what a book is known by', () => {
    expect(read(reading, ['0439023483', 'T', '']).book?.recordId).toBe('9780439023481')
  })

  test('the same fields have the same hash, others another', () => {
    const hash = (title: string) => read(reading, ['', title, 'r1']).book?.hash
    expect(hash('T')).toBe(hash(' T '))
    expect(hash('T')).not.toBe(hash('U'))
  })
})
