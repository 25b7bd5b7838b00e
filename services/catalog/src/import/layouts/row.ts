import { type BoundedField, outOfBounds } from '../fields/bounds.ts'
import { type ChosenIsbn, chooseIsbn, type IsbnCell } from '../fields/isbn.ts'
import { isNothing, type Parser } from '../fields/read.ts'
import { type ImportIssue, shown } from '../issue.ts'

/** The columns of a file, found once. */
export interface Columns {
  /** As the file names them, or the layout where it has no header. */
  names: readonly string[]
  /** By the layout's names: where they stand. */
  places: ReadonlyMap<string, readonly number[]>
}

/** Control characters that no text of a book has, and what other programs put for characters they lost. */
const damage = /[[\p{Cc}\ufffd]--[\t\n\r]]/v
const controls = /[\p{Cc}--[\t\n\r]]/gv

/** A record by its columns' names, collecting what is wrong with it. */
export class Row {
  readonly line: number
  readonly issues: ImportIssue[] = []
  /** What became of the row's ISBN, once it was asked for. */
  isbn: ChosenIsbn | undefined
  readonly #columns: Columns
  readonly #cells: readonly string[]

  constructor(line: number, cells: readonly string[], columns: Columns) {
    this.line = line
    this.#columns = columns
    this.#cells = cells
  }

  /**
   * What stands in a column, without control characters; empty when that is a word for nothing, undefined
   * when there is no such cell.
   */
  text(column: string): string | undefined {
    const cell = this.#cells[this.#columns.places.get(column)?.[0] ?? -1]
    if (cell === undefined) return undefined
    const text = (damage.test(cell) ? this.#repaired(column, cell) : cell).trim()
    return isNothing(text) ? '' : text
  }

  #repaired(column: string, cell: string): string {
    const what = cell.includes('\ufffd')
      ? 'holds U+FFFD: characters were lost before this file was written'
      : 'holds control characters: they were left out'
    this.warn(column, 'characters_damaged', what)
    return cell.replace(controls, '')
  }

  /**
   * Reads a column: null when it is empty, undefined when there is no such cell or it cannot be read or kept
   * in that field, which leaves a warning.
   */
  read<T>(column: string, parse: Parser<T>, field?: BoundedField): T | null | undefined {
    const text = this.text(column)
    if (text === undefined) return undefined
    if (text === '') return null
    const read = parse(text)
    if ('problem' in read) {
      this.warn(column, read.code ?? `${codeOf(column)}_invalid`, read.problem)
      return undefined
    }
    const out = field && read.value !== null && outOfBounds(field, read.value)
    if (out) {
      this.warn(column, `${codeOf(field)}_invalid`, out)
      return undefined
    }
    if (read.remark) this.warn(column, read.remark.code, read.remark.message)
    return read.value
  }

  /** The ISBN that these columns of the row agree on, where it is all of what `extract` gives of a cell. */
  readIsbn(columns: string[], extract = (cell: string) => cell): string | null | undefined {
    const cells = columns.flatMap((column): IsbnCell[] =>
      (this.#columns.places.get(column) ?? []).flatMap((place) => {
        const text = this.#cells[place]
        return text === undefined
          ? []
          : [{ column: this.#columns.names[place] ?? column, text: extract(text) }]
      }),
    )
    this.isbn = chooseIsbn(cells)
    for (const { cell, code, message } of this.isbn.remarks) {
      this.#issue({ column: cell.column, code, message, value: shown(cell.text), severity: 'warning' })
    }
    return this.isbn.isbn13
  }

  /** Notes that a field of the row was left out, or taken for something else. */
  warn(column: string, code: string, message: string): void {
    const place = this.#columns.places.get(column)?.[0] ?? -1
    const value = shown(this.#cells[place] ?? '')
    this.#issue({ column: this.#columns.names[place] ?? column, code, message, value, severity: 'warning' })
  }

  #issue(issue: Omit<ImportIssue, 'line'>): void {
    this.issues.push({ line: this.line, ...issue })
  }
}

/** `publishedOn` as codes write it: `published_on`. */
function codeOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
