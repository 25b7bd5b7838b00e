/** What a terminal acts on in place of showing it: control characters, separators of lines, changes of direction. */
const acting = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Lines of columns that stand below each other. @param right which columns are flush right, such as numbers */
export function table(
  cells: readonly (readonly string[])[],
  right: (column: number) => boolean = () => false,
): string[] {
  const rows = cells.map((row) => row.map((cell) => cell.replace(acting, ' ')))
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  )
  const placed = (cell: string, column: number) =>
    right(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
  return rows.map((row) => row.map(placed).join('  ').trimEnd())
}
