import type { CatalogClient } from '@colophon/catalog'
import type { ImportIssue } from '@colophon/catalog/tables'
import type { OrdersDeps } from '../../deps.ts'
import { isDigital } from '../../rules/weight.ts'
import type { GoodsLine } from './document.ts'
import type { GoodsRow } from './row.ts'

/** How many books the catalogue is asked for at once. */
const atOnce = 1_000

/** The rows' books by the catalogue; what it does not know, or of which no copies are counted, is refused. */
export async function matchBooks(
  { catalog }: Pick<OrdersDeps, 'catalog'>,
  rows: readonly GoodsRow[],
): Promise<{ lines: GoodsLine[]; issues: ImportIssue[] }> {
  const known = await booksByIsbn(
    catalog,
    rows.map(({ isbn13 }) => isbn13),
  )
  const lines: GoodsLine[] = []
  const issues: ImportIssue[] = []
  for (const { line, isbn13, isbn, quantity, cost, price } of rows) {
    const book = known.get(isbn13)
    const refusal = book === undefined ? unknown : book.isCounted ? undefined : notCounted
    if (refusal !== undefined) issues.push({ line, ...isbn, ...refusal, severity: 'refused' })
    else if (book !== undefined) lines.push({ bookId: book.id, quantity, cost, price })
  }
  return { lines, issues }
}

const unknown = {
  code: 'isbn_unknown',
  message: 'the catalogue has no book with this ISBN: add it, then send the document again',
}
const notCounted = { code: 'inventory_not_tracked', message: 'an e-book, of which no copies are counted' }

async function booksByIsbn(
  catalog: CatalogClient,
  isbns: readonly string[],
): Promise<Map<string, { id: string; isCounted: boolean }>> {
  const wanted = [...new Set(isbns)]
  const known = new Map<string, { id: string; isCounted: boolean }>()
  for (let at = 0; at < wanted.length; at += atOnce) {
    const ids = await catalog.bookIdsByIsbn(wanted.slice(at, at + atOnce))
    const books = await catalog.booksForSale([...new Set(ids.values())])
    const formats = new Map(books.map(({ id, format }) => [id, format]))
    for (const [isbn13, id] of ids) {
      const format = formats.get(id)
      if (format !== undefined) known.set(isbn13, { id, isCounted: !isDigital(format) })
    }
  }
  return known
}
