import { type ImportIssue, isNothing, type PriceParser, shown, wholeNumber } from '@colophon/catalog/tables'
import { repairIsbn } from '@colophon/isbn'
import type { Column, Columns } from './columns.ts'

/** What a row of a delivery says. */
export interface GoodsRow {
  line: number
  isbn13: string
  /** Where the ISBN stands, and how. */
  isbn: { column: string | null; value: string | null }
  quantity: number
  /** What a copy costs the shop, in minor units of its currency; null when it is not said. */
  cost: number | null
  /** What it is sold for from now on, in the same; null when it is not said. */
  price: number | null
}

/** Copies in one row; more are a slip of the hand. */
const mostInRow = 100_000

/** Minor units of one copy: as much as the catalogue takes. */
const mostMoney = 2_147_483_646

/** What money in a row is, for who reads that it is refused. */
const amounts = { cost: 'a cost', price: 'a price' } as const

/** A record by its columns, collecting what is wrong with it. */
export class RowReader {
  readonly issues: ImportIssue[] = []
  readonly #line: number
  readonly #cells: readonly string[]
  readonly #columns: Columns

  constructor(line: number, cells: readonly string[], columns: Columns) {
    this.#line = line
    this.#cells = cells
    this.#columns = columns
  }

  /** What the row says; null when it is refused, for what is then in `issues`. */
  read(parse: PriceParser): GoodsRow | null {
    this.#refuseMoreCells()
    const isbn13 = this.#isbn()
    const quantity = this.#quantity()
    const cost = this.#money('cost', parse)
    const price = this.#money('price', parse)
    if (isbn13 === undefined || quantity === undefined || cost === undefined || price === undefined)
      return null
    if (this.issues.some(({ severity }) => severity === 'refused')) return null
    return { line: this.#line, isbn13, isbn: this.#where('isbn'), quantity, cost, price }
  }

  #isbn(): string | undefined {
    const read = repairIsbn(this.#text('isbn'))
    switch (read.kind) {
      case 'valid':
        return read.isbn.isbn13
      case 'repaired':
        this.#issue('warning', 'isbn', 'isbn_repaired', `read as ${read.isbn.isbn13}: ${read.note}`)
        return read.isbn.isbn13
      case 'destroyed':
        return this.#refuse('isbn', 'isbn_destroyed', read.note)
      case 'missing':
        return this.#refuse('isbn', 'isbn_missing', 'there is no ISBN')
      case 'invalid':
        return this.#refuse('isbn', read.code, read.message)
    }
  }

  #quantity(): number | undefined {
    const text = this.#text('quantity')
    if (text === '') return this.#refuse('quantity', 'quantity_missing', 'there is no number of copies')
    // A thousand in one country, one in another.
    if (/^[+-]?\d+(?:[.,'’\s]\d*)+$/.test(text)) {
      const message = 'ambiguous: write the number of copies in digits only, such as 1000'
      return this.#refuse('quantity', 'quantity_invalid', message)
    }
    const read = wholeNumber(text)
    if ('value' in read && read.value >= 1 && read.value <= mostInRow) return read.value
    return this.#refuse('quantity', 'quantity_invalid', `not a number of copies from 1 to ${mostInRow}`)
  }

  #money(column: 'cost' | 'price', parse: PriceParser): number | null | undefined {
    const text = this.#text(column)
    if (text === '') return null
    const read = parse(text, this.#text('currency') || null)
    const code = `${column}_invalid`
    if ('problem' in read) {
      // Its own words are of prices that are left out, where this refuses the row.
      return this.#refuse(
        column,
        code,
        `not ${amounts[column]} in the currency of the shop: write it as 12.99`,
      )
    }
    const { amount } = read.value
    if (amount >= 0 && amount <= mostMoney) return amount
    return this.#refuse(column, code, `${amounts[column]} cannot be negative, nor so large`)
  }

  /** A comma within a number makes two cells of it, and the first of them a number of copies. */
  #refuseMoreCells(): void {
    const { header } = this.#columns
    const more = this.#cells.slice(header.length).filter((cell) => cell.trim() !== '')
    if (more.length === 0) return
    const message = `${this.#cells.length} cells, where the first line names ${header.length} columns: put quotes around a cell with a separator in it`
    this.#refuse(null, 'too_many_cells', message)
  }

  #text(column: Column): string {
    const text = (this.#cells[this.#columns.places.get(column) ?? -1] ?? '').trim()
    return isNothing(text) ? '' : text
  }

  #refuse(column: Column | null, code: string, message: string): undefined {
    this.#issue('refused', column, code, message)
  }

  #issue(severity: ImportIssue['severity'], column: Column | null, code: string, message: string): void {
    this.issues.push({ line: this.#line, ...this.#where(column), code, message, severity })
  }

  #where(column: Column | null): { column: string | null; value: string | null } {
    const place = column === null ? undefined : this.#columns.places.get(column)
    if (place === undefined) return { column: null, value: null }
    return { column: this.#columns.header[place] ?? null, value: shown(this.#cells[place] ?? '') }
  }
}
