import type { formats } from '../../schemas.ts'
import type { Read } from './read.ts'

type Format = (typeof formats)[number]

/**
 * In this order: an "audio CD" is no "CD-ROM", and "paperback audiobook bundle" is rather heard than read.
 */
const patterns: readonly (readonly [RegExp, Format])[] = [
  [/audio|\bmp3\b|\bcassette|^a[cj]$/, 'audiobook'],
  [/e-?book|kindle|epub|\bpdf\b|\bnook\b|digital|electronic|^e[ad]$/, 'ebook'],
  [/hard|\bhc\b|\bhb\b|library binding|leather|\bcloth\b|board ?book|^bb$/, 'hardback'],
  [/paper|soft|\bpb\b|\btpb\b|pocket|^bc$/, 'paperback'],
  [/other|spiral|loose|calendar|cards?\b|\bmap\b|pamphlet|box|\bcd\b|dvd|game|poster/, 'other'],
]

/** The form a book is sold in by its usual names in English, or by ONIX list 150's commonest codes. */
export function format(text: string): Read<Format> {
  const found = patterns.find(([pattern]) => pattern.test(text.toLowerCase()))
  if (found) return { value: found[1] }
  return { problem: 'not a known form: write hardback, paperback, ebook, audiobook or other' }
}
