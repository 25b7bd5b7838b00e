import { describe, expect, test } from 'vitest'
import { type CsvTable, openCsv } from '../src/import/csv/open-csv.ts'
import type { CsvRecord } from '../src/import/csv/records.ts'

async function* chunksOf(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function open(
  given: string | Uint8Array,
  size?: number,
  encoding?: string,
): Promise<CsvTable & { rows: CsvRecord[] }> {
  const bytes = typeof given === 'string' ? Buffer.from(given) : given
  const table = await openCsv(chunksOf(bytes, size), encoding)
  return { ...table, rows: (await Array.fromAsync(table.records)).flat() }
}

function cells({ rows }: { rows: CsvRecord[] }): (string[] | string)[] {
  return rows.map((row) => ('cells' in row ? row.cells : `${row.line} ${row.code}`))
}

describe('encodings', () => {
  test('UTF-8 with a byte order mark is read without it', async () => {
    const table = await open('\ufefftitle,isbn\nÉmile,1\n')
    expect(table).toMatchObject({ encoding: 'UTF-8', bom: true, windows: { count: 0 } })
    expect(cells(table)).toEqual([
      ['title', 'isbn'],
      ['Émile', '1'],
    ])
  })

  test('UTF-16, as Excel saves "Unicode text", is read in chunks of odd length', async () => {
    const bytes = Buffer.from('\ufefftitle\tisbn\r\nGöthe 😀\t1\r\n', 'utf16le')
    for (const [given, encoding] of [
      [bytes, 'UTF-16LE'],
      [Buffer.from(bytes).swap16(), 'UTF-16BE'],
    ] as const) {
      const table = await open(given, 3)
      expect(table).toMatchObject({ encoding, separator: '\t' })
      expect(cells(table)[1]).toEqual(['Göthe 😀', '1'])
    }
  })

  test('half of a surrogate pair becomes NUL, for which a row is refused later', async () => {
    const table = await open(Buffer.from('\ufeffa,b\n\ud83dx,1\n', 'utf16le'))
    expect(cells(table)[1]).toEqual(['\0x', '1'])
  })

  test('lines that are not UTF-8 are read as Windows-1252, and no others', async () => {
    const lines = [
      Buffer.from('title,by\nÉmile,Š\n'),
      Buffer.from([0xc9, 0x2c, 0x80, 0x0a]),
      Buffer.from('é,b\n'),
    ]
    const table = await open(Buffer.concat(lines))
    expect(cells(table).slice(1)).toEqual([
      ['Émile', 'Š'],
      ['É', '€'],
      ['é', 'b'],
    ])
    expect(table.windows).toEqual({ count: 1, first: 3 })
  })

  test.each([
    ['shift_jis', '93fa967b835c2c310a', ['日本ソ', '1']],
    ['Windows-1250', '4c6f6469932c8d0a', ['Lodi“', 'Ť']],
    ['windows-1251', 'c2eee9ede02ce8fff0840a', ['Война', 'ияр„']],
    ['gbk', 'bbe8c2cc2c31b2e20a', ['昏绿', '1测']],
    ['utf-16le', 'e5652c00e5000a00', ['日', 'å']],
  ])('%s is read as such when it is said, in chunks of any length', async (encoding, hex, expected) => {
    for (const size of [1, 3, 65_536]) {
      const table = await open(Buffer.from(hex, 'hex'), size, encoding)
      expect(table).toMatchObject({ encoding: encoding.toUpperCase(), windows: { count: 0 } })
      expect(cells(table)).toEqual([expected])
    }
  })

  test('what is said gives way to a byte order mark, and where it is wrong U+FFFD stands', async () => {
    const marked = await open('\ufeffÉmile,1\n', 3, 'windows-1251')
    expect(marked).toMatchObject({ encoding: 'UTF-8', bom: true })
    expect(cells(marked)).toEqual([['Émile', '1']])
    const wrong = await open(Buffer.from([0x61, 0xc9, 0x2c, 0x31, 0x0a, 0xc3]), 1, 'utf-8')
    expect(cells(wrong)).toEqual([['a\ufffd', '1'], ['\ufffd']])
    await expect(open('a,b\n', 3, 'klingon')).rejects.toThrow(RangeError)
  })
})

describe('what is no table', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'file_empty', 'the file is empty'],
    ['a workbook', Buffer.from('PK\x03\x04...'), 'file_not_csv', /Excel workbook.*save it as CSV/],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'file_not_csv', /old Excel workbook/],
    ['a compressed file', Buffer.from('1f8b0800', 'hex'), 'file_not_csv', /compressed: unpack it first/],
    ['other bytes', Buffer.alloc(5000, '\x01\x02\x03ab'), 'file_not_csv', /not a text file/],
  ])('%s is refused in one line', async (_, bytes, code, message) => {
    await expect(open(bytes)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })
})

describe('separators', () => {
  test.each([
    ['title,author\nA,B\n', ','],
    ['title;author\n"A";"B, C"\n"D";"E, F"\n', ';'],
    ['title;author;price\nA;B, C;12,99\nD;E, F;1,99\n', ';'],
    ['title\tauthor\nA, or B\tC; D\nE, or F\tG; H\n', '\t'],
    ['title|author|x\nA,B,C|D|1\n', '|'],
    ['title\nA, B\nC\n', ','],
    ['"a;b";c,d\n"e;f";g,h\n"i;j";k,l\n', ','],
  ] as const)('of %j is %j', async (text, separator) => {
    expect((await open(text)).separator).toBe(separator)
  })

  test('that a first line names for Excel is taken, and the line left out', async () => {
    const table = await open('sep=;\r\na,b;c\r\n')
    expect(table.rows).toEqual([{ line: 2, cells: ['a,b', 'c'] }])
  })
})

describe('rows that break the rules', () => {
  test('a quote within a text is a quote', async () => {
    const table = await open('a,b\nSay "hi" now,1\n"Say "hi" now",2\n12" record,3\n')
    expect(cells(table).slice(1)).toEqual([
      ['Say "hi" now', '1'],
      ['"Say "hi" now"', '2'],
      ['12" record', '3'],
    ])
  })

  test('blanks around quotes are none of the text', async () => {
    expect(cells(await open('a,b,c\n1, "x, y" , z\n'))[1]).toEqual(['1', 'x, y', 'z'])
  })

  test('quotes with backslashes, as MySQL writes them, are read among others', async () => {
    const table = await open('a;b;c\n"1";"A \\"real\\" one; yes";"\\"x\\""\n"2";"B ""two""";"C:\\dir"\n')
    expect(cells(table).slice(1)).toEqual([
      ['1', 'A "real" one; yes', '"x"'],
      ['2', 'B "two"', 'C:\\dir'],
    ])
  })

  test('a quote that is not closed costs its line and no other', async () => {
    const table = await open('a,b\n1,"open\n2,"two"\n3,"three, \nin two lines"\n4,"open again\n5,five\n')
    expect(cells(table).slice(1)).toEqual([
      '2 quote_unclosed',
      ['2', 'two'],
      ['3', 'three, \nin two lines'],
      '6 quote_unclosed',
      ['5', 'five'],
    ])
  })

  test('a quote that is not closed in a large file without quotes is given up after a mebibyte', async () => {
    const rows = Array.from(
      { length: 60_000 },
      (_, index) => `${index},a title that has some length to it, x`,
    )
    rows[10] = '10,"a title whose quote is left open,x'
    const table = await open(`a,b,c\n${rows.join('\n')}\n`)
    expect(table.rows).toHaveLength(60_001)
    expect(table.rows.filter((row) => 'code' in row)).toMatchObject([{ line: 12, code: 'quote_unclosed' }])
    expect(table.rows.at(-1)).toMatchObject({ line: 60_001, cells: ['59999', expect.anything(), 'x'] })
  })

  test('a line without end is refused, and what follows it is read', async () => {
    const table = await open(`a,b\n1,${'x'.repeat(3_000_000)}\n2,y\n`)
    expect(cells(table).slice(1)).toEqual(['2 record_too_long', ['2', 'y']])
    const [, refused] = table.rows
    expect(refused && 'text' in refused ? refused.text.length : 0).toBeLessThan(1000)
  })

  test.each(['"', '"x,"'])(
    'a line without end that begins %j is too long, and no quote is missed',
    async (quote) => {
      const table = await open(`a,b\n1,${quote}${'x'.repeat(50_000_000)}"\n2,"y"\n`)
      expect(cells(table).slice(1)).toEqual(['2 record_too_long', ['2', 'y']])
    },
  )

  test('very many rows read at once, behind a quote left open, are no burden', async () => {
    const rows = Array.from({ length: 200_000 }, (_, index) => `${index % 10},t`)
    const table = await open(`id,title\n1,"left open\n${rows.join('\n')}\n`)
    expect(table.rows.filter((row) => 'code' in row)).toMatchObject([{ line: 2, code: 'quote_unclosed' }])
    expect(table.rows).toHaveLength(200_002)
  })

  test('long texts within quotes are read across pieces', async () => {
    const text = 'line, with a comma\n'.repeat(20_000)
    const table = await open(`a,b\n1,"${text}"\n2,y\n`)
    expect(cells(table).slice(1)).toEqual([
      ['1', text],
      ['2', 'y'],
    ])
    expect(table.rows.at(-1)?.line).toBe(20_003)
  })

  test.each(['\r\n', '\r', '\n'])('pieces are cut at whole lines that end in %j', async (newline) => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `${index},some text`)
    const table = await open(rows.join(newline), 1021)
    expect(table.rows).toHaveLength(20_000)
    expect(table.rows.every((row, index) => row.line === index + 1)).toBe(true)
    expect(cells(table).at(-1)).toEqual(['19999', 'some text'])
  })

  test('blank lines are left out and counted', async () => {
    const table = await open('\n\na,b\n\n,\n"",""\r\n1,2\n\n')
    expect(table.rows).toEqual([
      { line: 3, cells: ['a', 'b'] },
      { line: 7, cells: ['1', '2'] },
    ])
  })

  test('rows may be of any length, and end without a line end', async () => {
    expect(cells(await open('a,b,c\n1\n1,2,3,4\n5,6'))).toEqual([
      ['a', 'b', 'c'],
      ['1'],
      ['1', '2', '3', '4'],
      ['5', '6'],
    ])
  })
})
