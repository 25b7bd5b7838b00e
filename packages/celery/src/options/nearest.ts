/** The name that was probably meant: one that differs in case alone, or by two letters at most; undefined for none. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const wanted = plain(given)
  const most = Math.min(2, Math.floor(wanted.length / 3))
  let best: { name: string; distance: number } | undefined
  for (const name of names) {
    const distance = editDistance(wanted, plain(name))
    if (distance <= most && distance < (best?.distance ?? Infinity)) best = { name, distance }
  }
  return best?.name
}

/** Celery's `time_limit` is `timeLimit` here. */
export function plain(name: string): string {
  return name.slice(0, 60).replaceAll(/[_-]/g, '').toLowerCase()
}

/** How many letters are to be put in, left out, changed or swapped with the next: the optimal string alignment. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(changed, at(last, j) + 1, at(row, j - 1) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(beforeLast, j - 2) + 1)
      }
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
