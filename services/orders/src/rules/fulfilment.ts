/** How many copies of a line are where. */
export interface LineCounts {
  quantity: number
  shipped: number
  cancelled: number
  returned: number
}

/** What an order of which something was shipped is, by its lines. */
export function statusByLines(lines: readonly LineCounts[]): 'partly_shipped' | 'shipped' | 'returned' {
  const isDone = lines.every(({ quantity, shipped, cancelled }) => shipped + cancelled === quantity)
  if (!isDone) return 'partly_shipped'
  return lines.every(({ shipped, returned }) => returned === shipped) ? 'returned' : 'shipped'
}
