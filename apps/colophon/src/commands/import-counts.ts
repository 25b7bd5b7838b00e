/** A number as people read it: `12,345`. */
export function n(count: number): string {
  return count.toLocaleString('en')
}

/** So many of something: `1 row`, `12,345 rows`. */
export function counted(count: number, noun: string): string {
  return `${n(count)} ${noun}${count === 1 ? '' : 's'}`
}
