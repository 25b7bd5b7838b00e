import type { Read } from './read.ts'

/** A whole number, also as a spreadsheet or a data frame writes it (`2008.0`). */
export function wholeNumber(text: string): Read<number> {
  const digits = /^([+-]?\d{1,15})(?:\.0*)?$/.exec(text)?.[1]
  return digits === undefined ? { problem: 'not a whole number' } : { value: Number(digits) }
}

/** Whether copies can be had: a number of them, or yes or no. */
export function stock(text: string): Read<boolean> {
  if (/^(?:yes|true|in stock|available)$/i.test(text)) return { value: true }
  if (/^(?:no|false|out of stock|unavailable|sold out)$/i.test(text)) return { value: false }
  const read = wholeNumber(text)
  return 'value' in read ? { value: read.value > 0 } : { problem: 'neither a number of copies nor yes or no' }
}
