import { ImportError } from '../import-error.ts'
import { book30 } from './book30.ts'
import { goodbooks } from './goodbooks.ts'
import type { FoundColumns, Layout } from './layout.ts'
import { plain } from './plain.ts'
import { plainColumn, plainColumns } from './plain-columns.ts'
import type { Columns } from './row.ts'

/** The layouts that are known, those first that are more particular. */
const layouts: readonly Layout[] = [goodbooks, book30, plain]

/** How a file is laid out. */
export interface Reading {
  layout: Layout
  columns: Columns
  /** Whether the first record is a header, and not a book. */
  isHeader: boolean
  /** How many cells a record has. */
  width: number
  /** The columns that are read and those that are not, by their names in the file. */
  found: string[]
  ignored: string[]
}

/**
 * Recognises a file by its first record.
 * @param given the columns as the caller names them, `-` for one to leave out: for a file that has no header
 * @throws ImportError layout_unknown, columns_invalid
 */
export function recognise(first: readonly string[], given?: readonly string[]): Reading {
  if (given) return readingOf(plain, first, namedColumns(first, given), given)
  for (const layout of layouts) {
    const found = layout.recognise(first)
    if (found) return readingOf(layout, first, found, first)
  }
  const start = first.slice(0, 5).join(', ').slice(0, 100)
  const found = `the first line names no column "title" (it begins "${start}")`
  throw new ImportError('layout_unknown', `${found}: add a header line, or name the columns with --columns`)
}

function readingOf(
  layout: Layout,
  first: readonly string[],
  { columns, isHeader }: FoundColumns,
  namesInFile: readonly string[],
): Reading {
  const names = columns.map((column, place) => (isHeader ? namesInFile[place] : column) ?? '')
  const places = new Map<string, number[]>()
  for (const [place, column] of columns.entries()) {
    // Several columns may hold an ISBN; of others the first counts.
    if (column === null || (places.has(column) && column !== 'isbn')) continue
    places.set(column, [...(places.get(column) ?? []), place])
  }
  const read = [...places.values()].flat()
  return {
    layout,
    columns: { names, places },
    isHeader,
    width: Math.max(first.length, columns.length),
    found: names.filter((_, place) => read.includes(place)),
    ignored: names.filter((name, place) => !read.includes(place) && name !== ''),
  }
}

/** A first line that is a header all the same is recognised by naming a title where the caller does. */
function namedColumns(first: readonly string[], given: readonly string[]): FoundColumns {
  const columns = given.map((name) => (name.trim() === '-' ? null : knownColumn(name)))
  if (!columns.includes('title')) throw invalid('name the column "title": only a title makes a book')
  if (first.length > given.length && first.slice(given.length).some((cell) => cell !== '')) {
    throw invalid(
      `the file has ${first.length} columns and ${given.length} are named: write "-" for the rest`,
    )
  }
  const isHeader = plainColumn(first[columns.indexOf('title')] ?? '') === 'title'
  return { columns, isHeader }
}

function knownColumn(name: string): string {
  const column = plainColumn(name)
  if (column) return column
  throw invalid(`there is no column "${name}": the columns are ${plainColumns.join(', ')}`)
}

function invalid(message: string): ImportError {
  return new ImportError('columns_invalid', message)
}
