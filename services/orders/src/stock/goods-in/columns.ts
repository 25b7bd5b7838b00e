import { columnKey } from '@colophon/catalog/tables'
import { ordersProblem } from '../../problems.ts'

/** What a row of goods in can say. */
export type Column = 'isbn' | 'quantity' | 'cost' | 'price' | 'currency'

/** By which names deliveries have them; where several are there, the first of these is read. */
const names: Record<Column, readonly string[]> = {
  isbn: ['isbn', 'isbn13', 'ean', 'ean13', 'gtin', 'gtin13', 'barcode', 'isbn10'],
  quantity: ['quantity', 'qty', 'copies', 'delivered', 'pieces'],
  cost: ['cost', 'unitcost', 'netprice', 'purchaseprice'],
  price: ['price', 'sellingprice', 'rrp', 'listprice', 'retailprice'],
  currency: ['currency', 'currencycode'],
}

/** Where the columns of a file are. */
export interface Columns {
  places: ReadonlyMap<Column, number>
  /** As the file calls them. */
  header: readonly string[]
  /** Those that are not read, as the file calls them. */
  ignored: string[]
}

/** Finds the columns by a file's first record. @throws Problem goods_in_invalid when ISBN or quantity is not there */
export function findColumns(header: readonly string[]): Columns {
  const keys = header.map(columnKey)
  const places = new Map<Column, number>()
  for (const column of Object.keys(names) as Column[]) {
    const name = names[column].find((key) => keys.includes(key))
    if (name !== undefined) places.set(column, keys.indexOf(name))
  }
  refuseWithout(places, header)
  const read = [...places.values()]
  return { places, header, ignored: header.filter((name, place) => !read.includes(place) && name !== '') }
}

function refuseWithout(places: ReadonlyMap<Column, number>, header: readonly string[]): void {
  const missing = (['isbn', 'quantity'] as const).filter((column) => !places.has(column))
  if (missing.length === 0) return
  const start = header.join(', ').slice(0, 100)
  throw ordersProblem(
    'goods_in_invalid',
    `the first line names no column ${missing.map((column) => `"${column}"`).join(' and ')} (it begins "${start}"): it must name isbn and quantity, and may name cost, price and currency`,
    {
      errors: missing.map((column) => ({ path: column, code: 'required', message: 'a column of this name' })),
    },
  )
}
