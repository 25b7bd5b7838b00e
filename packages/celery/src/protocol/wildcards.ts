/** One item that fits, or any number of items. */
export type Part = typeof anyNumber | ((item: string | undefined) => boolean)

export const anyNumber = Symbol('any number')

/**
 * Whether these parts, one behind the other, are all of the items: of a list, or the characters of a text. When one does
 * not fit, the last `anyNumber` takes one item more: never more than items times parts steps.
 */
export function fitParts(items: ArrayLike<string>, parts: readonly Part[]): boolean {
  let at = 0
  let part = 0
  let star = -1
  let starAt = 0
  while (at < items.length) {
    const current = parts[part]
    if (current === anyNumber) {
      star = part++
      starAt = at
    } else if (current?.(items[at])) {
      at++
      part++
    } else if (star !== -1) {
      part = star + 1
      at = ++starAt
    } else return false
  }
  return parts.slice(part).every((rest) => rest === anyNumber)
}
