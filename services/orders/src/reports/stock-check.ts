import { checkStock } from '../stock/check-stock.ts'
import { type Cell, type Column, cellsOf, type Report } from './report.ts'

const columns: readonly Column[] = [
  { name: 'kind', type: 'text' },
  { name: 'bookId', type: 'text' },
  { name: 'orderId', type: 'text' },
  { name: 'message', type: 'text' },
]

/** Where stock, ledger and holds differ, as they are now: no row is good news. */
export const stockCheck: Report = {
  name: 'stock-check',
  title: 'Stock that is not what its ledger says',
  isOfNow: true,
  columns,
  async read({ database }, _day, limit) {
    const { differences, counts } = await checkStock(database)
    const rows: Record<string, Cell>[] = differences.slice(0, limit).map((row) => ({ ...row }))
    const untold = counts.ledger + counts.held + counts.hold - rows.length
    if (untold > 0) rows.push({ kind: 'more', message: `and ${untold} more` })
    return cellsOf(columns, rows)
  },
}
