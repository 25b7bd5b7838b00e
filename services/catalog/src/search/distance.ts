/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours that turn
 * `a` into `b`; `limit + 1` as soon as it is certain to be more than `limit`.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    if (Math.min(...row) > limit) return limit + 1
    before = last
    last = row
  }
  return Math.min(last[b.length] ?? limit + 1, limit + 1)
}

/** The smallest distance from `typed` to a beginning of `word`: what somebody still typing may mean. */
export function prefixDistance(typed: string, word: string, limit: number): number {
  const lengths = [typed.length, typed.length - 1, typed.length + 1].filter((length) => length <= word.length)
  const distances = lengths.map((length) => editDistance(typed, word.slice(0, length), limit))
  return Math.min(limit + 1, ...distances)
}
