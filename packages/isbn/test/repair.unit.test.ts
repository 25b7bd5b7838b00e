import { describe, expect, test } from 'vitest'
import { repairIsbn } from '../src/index.ts'

const isbn = { isbn13: '9780439023481', isbn10: '0439023483' }

test('what is an ISBN as written is valid, not repaired', () => {
  expect(repairIsbn('978-0-439-02348-1')).toEqual({ kind: 'valid', isbn })
})

describe('damage that lost no digit', () => {
  test.each([
    ['="0439023483"', 'text_marker'],
    ['="978-0-439-02348-1"', 'text_marker'],
    ['=9780439023481', 'text_marker'],
    ["'0439023483", 'text_marker'],
    ['’0439023483', 'text_marker'],
    ['"0439023483"', 'text_marker'],
    ['9780439023481.0', 'decimal_point'],
    ['9780439023481,00', 'decimal_point'],
    ['9,780,439,023,481', 'thousands_separators'],
    ['9.780.439.023.481', 'thousands_separators'],
    ["9'780'439'023'481", 'thousands_separators'],
    ['9.780439023481E12', 'scientific_notation'],
    ['9,780439023481e+012', 'scientific_notation'],
  ])('%s', (text, repair) => {
    expect(repairIsbn(text)).toMatchObject({ kind: 'repaired', isbn, repairs: [repair] })
  })
})

describe('lost leading zeros', () => {
  test('one to three of them', () => {
    expect(repairIsbn('439023483')).toEqual({
      kind: 'repaired',
      isbn,
      repairs: ['leading_zeros'],
      note: 'leading zeros put back: the check digit fits, as it does for one wrong number in eleven',
    })
    expect(repairIsbn('60002107')).toMatchObject({ kind: 'repaired', isbn: { isbn10: '0060002107' } })
    expect(repairIsbn('30734813X')).toMatchObject({ kind: 'repaired', isbn: { isbn10: '030734813X' } })
    expect(repairIsbn('7442912')).toMatchObject({ kind: 'repaired', isbn: { isbn10: '0007442912' } })
  })

  test('under other damage, which is told too', () => {
    expect(repairIsbn('439023483.0')).toMatchObject({ isbn, repairs: ['decimal_point', 'leading_zeros'] })
    expect(repairIsbn('="439023483"')).toMatchObject({ isbn, repairs: ['text_marker', 'leading_zeros'] })
    expect(repairIsbn('4.39023483E8')).toMatchObject({
      isbn,
      repairs: ['scientific_notation', 'leading_zeros'],
    })
    expect(repairIsbn("'439,023,483.00")).toMatchObject({
      isbn,
      repairs: ['text_marker', 'decimal_point', 'thousands_separators', 'leading_zeros'],
    })
  })

  test('put back in vain, the message shows the number that was tried', () => {
    const message = '0439023484 ends in 4 where its other digits ask for 3: a digit is wrong'
    expect(repairIsbn('439023484')).toEqual({ kind: 'invalid', code: 'isbn_check_digit', message })
  })

  test('are not what is missing from an ISSN, a number that starts with 0, or six digits', () => {
    for (const text of ['0378-5955', '2434-561X', '03785955', '043902348', '149502']) {
      expect(repairIsbn(text), text).toMatchObject({ kind: 'invalid', code: 'isbn_length' })
    }
  })
})

describe('scientific notation that dropped digits is destroyed', () => {
  test.each([
    ['9.78E+12', '9.78E+12 keeps 3 of 13 digits; export the column as text'],
    ['9,78E+12', '9,78E+12 keeps 3 of 13 digits; export the column as text'],
    ['9.78043902348e+12', '9.78043902348e+12 keeps 12 of 13 digits; export the column as text'],
    ['978E10', '978E10 keeps 3 of 13 digits; export the column as text'],
    ['="4.39E+08"', '4.39E+08 keeps 3 of 9 digits; export the column as text'],
  ])('%s', (text, note) => {
    expect(repairIsbn(text)).toEqual({ kind: 'destroyed', note })
  })

  test('all digits there and the check digit wrong is invalid, and so is a number of another size', () => {
    expect(repairIsbn('9.780439023482E12')).toMatchObject({ kind: 'invalid', code: 'isbn_check_digit' })
    expect(repairIsbn('1.5E3')).toMatchObject({ kind: 'invalid' })
    expect(repairIsbn('1e999')).toMatchObject({ kind: 'invalid' })
  })
})

test.each([
  '',
  ' ',
  '-',
  '--',
  '0',
  '0.0',
  '0000000000',
  '#N/A',
  'n/a',
  'NA',
  'NULL',
  '\\N',
  'None',
  'nan',
  '=""',
  "'",
])('missing: %j', (text) => {
  expect(repairIsbn(text)).toEqual({ kind: 'missing' })
})

test('what no repair explains keeps the reason of parseIsbn', () => {
  expect(repairIsbn('hardcover')).toMatchObject({ kind: 'invalid', code: 'isbn_characters' })
  expect(repairIsbn('76783609419.0')).toMatchObject({ kind: 'invalid', code: 'isbn_length' })
  expect(repairIsbn('4006381333931')).toMatchObject({ kind: 'invalid', code: 'isbn_prefix' })
  expect(repairIsbn('9'.repeat(65))).toMatchObject({ kind: 'invalid', code: 'isbn_length' })
})
