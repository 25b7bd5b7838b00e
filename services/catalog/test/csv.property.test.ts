import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode } from '../src/import/csv/decode.ts'
import { openCsv } from '../src/import/csv/open-csv.ts'
import { type CsvRecord, readRecords } from '../src/import/csv/records.ts'
import { type Separator, separators } from '../src/import/csv/separator.ts'
import { ImportError } from '../src/import/import-error.ts'

const longest = 1_048_576

const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('"', '\\', ',', ';', '\t', '|', '\n', '\r', ' ', "'", 'a', 'é', '😀'),
    maxLength: 8,
  }),
)
const table = fc
  .integer({ min: 2, max: 5 })
  .chain((width) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
  )
  // A row of nothing but blanks is no record.
  .map((rows) => rows.filter((row) => row.some((text) => text.trim() !== '')))

const style = fc.record({
  separator: fc.constantFrom(...separators),
  newline: fc.constantFrom('\n', '\r\n', '\r'),
  quoteAll: fc.boolean(),
  lastNewline: fc.boolean(),
})

interface Style {
  separator: Separator
  newline: string
  quoteAll: boolean
  lastNewline: boolean
}

function write(rows: readonly (readonly string[])[], { separator, newline, quoteAll, lastNewline }: Style) {
  const quoted = (text: string) =>
    quoteAll || text !== text.trim() || /["\r\n]/.test(text) || text.includes(separator)
      ? `"${text.replaceAll('"', '""')}"`
      : text
  const lines = rows.map((row) => row.map(quoted).join(separator))
  return lines.join(newline) + (lastNewline ? newline : '')
}

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function* fromList<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

async function readAll(records: AsyncIterable<CsvRecord[]>): Promise<CsvRecord[]> {
  return (await Array.fromAsync(records)).flat()
}

function cellsOf(records: readonly CsvRecord[]): string[][] {
  return records.map((record) => ('cells' in record ? record.cells : [record.code]))
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })

describe('a table as it was written', () => {
  test('is read back, whatever its separator, quotes and line ends, in chunks cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(table, style, sizes, async (rows, written, cuts) => {
        fc.pre(rows.length > 0)
        const bytes = Buffer.from(`x\n${write(rows, written)}`)
        const { pieces } = await decode(cut(bytes, cuts), longest)
        const records = await readAll(readRecords(pieces, written.separator, 1))
        expect(cellsOf(records)).toEqual([['x'], ...rows])
      }),
      { numRuns: 400 },
    )
  })

  test('is read back when its records lie across the pieces it is read in', async () => {
    await fc.assert(
      fc.asyncProperty(table, style, async (rows, written) => {
        fc.pre(rows.length > 0)
        const lines = write(rows, written).match(/[^\r\n]*(?:\r\n|\r|\n|$)/g) ?? []
        const pieces = lines.filter((line) => line !== '').map((line) => Buffer.from(line))
        const records = await readAll(readRecords(fromList(pieces), written.separator, 1))
        expect(cellsOf(records)).toEqual(rows)
      }),
      { numRuns: 400 },
    )
  })

  test('is read back from UTF-16 as from UTF-8', async () => {
    await fc.assert(
      fc.asyncProperty(table, style, sizes, fc.boolean(), async (rows, written, cuts, big) => {
        fc.pre(rows.length > 0)
        const bytes = Buffer.from(`\ufeffx\n${write(rows, written)}`, 'utf16le')
        const { pieces, encoding } = await decode(cut(big ? bytes.swap16() : bytes, cuts), longest)
        expect(encoding).toBe(big ? 'UTF-16BE' : 'UTF-16LE')
        const records = await readAll(readRecords(pieces, written.separator, 1))
        expect(cellsOf(records)).toEqual([['x'], ...rows])
      }),
      { numRuns: 200 },
    )
  })

  test('gives each record the line on which it begins', async () => {
    await fc.assert(
      fc.asyncProperty(table, style, async (rows, written) => {
        fc.pre(rows.length > 0)
        const lines = rows.map((_, index) => {
          const before = write(rows.slice(0, index), { ...written, lastNewline: index > 0 })
          return before.split(/\r\n|\r|\n/).length
        })
        const { pieces } = await decode(cut(Buffer.from(write(rows, written)), [7]), longest)
        const records = await readAll(readRecords(pieces, written.separator, 1))
        expect(records.map(({ line }) => line)).toEqual(lines)
      }),
      { numRuns: 200 },
    )
  })
})

test('random bytes are read to their end, or refused as no table', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.uint8Array({ min: 9, max: 127, maxLength: 3000 }),
    fc
      .string({ unit: fc.constantFrom('"', ',', '\n', '\r', '\\', 'a', '\0'), maxLength: 3000 })
      .map((text) => Buffer.from(text)),
  )
  await fc.assert(
    fc.asyncProperty(bytes, sizes, async (given, cuts) => {
      try {
        const { records } = await openCsv(cut(given, cuts))
        const lines = (await readAll(records)).map(({ line }) => line)
        expect(lines).toEqual(lines.toSorted((one, other) => one - other))
      } catch (error) {
        expect(error).toBeInstanceOf(ImportError)
      }
    }),
    { numRuns: 500 },
  )
})
