import { ImportError } from '../import-error.ts'

export interface Sniffed {
  /** UTF-8, UTF-16LE, UTF-16BE, or the one that was given. */
  encoding: string
  /** Length of the byte order mark in bytes; 0 when there is none. */
  bom: number
}

/** How many bytes tell what a file is. */
export const sniffedBytes = 4096

/** How kinds of files begin that are often taken for CSV, and what to do about them. */
const others: readonly (readonly [hex: string, advice: string])[] = [
  ['504b0304', 'this is an Excel workbook or another zip archive: save it as CSV'],
  ['d0cf11e0a1b11ae1', 'this is an old Excel workbook: save it as CSV'],
  ['1f8b', 'this is compressed: unpack it first, for example "gunzip -c FILE | colophon import -"'],
  ['28b52ffd', 'this is compressed: unpack it first, for example "zstd -dc FILE | colophon import -"'],
  ['25504446', 'this is a PDF: ask its sender for a CSV file'],
]

/**
 * Tells from the first bytes of a file how its text is encoded. A byte order mark outweighs what is given, as in
 * the Encoding Standard (https://encoding.spec.whatwg.org/#decode).
 * @param given the encoding that the caller says it has
 * @throws ImportError when it is empty or no text at all
 */
export function sniff(start: Buffer, given?: string): Sniffed {
  if (start.length === 0) throw new ImportError('file_empty', 'the file is empty')
  const hex = start.toString('hex', 0, 8)
  const other = others.find(([beginning]) => hex.startsWith(beginning))
  if (other) throw new ImportError('file_not_csv', other[1])
  if (hex.startsWith('efbbbf')) return { encoding: 'UTF-8', bom: 3 }
  if (hex.startsWith('fffe')) return { encoding: 'UTF-16LE', bom: 2 }
  if (hex.startsWith('feff')) return { encoding: 'UTF-16BE', bom: 2 }
  if (given !== undefined) return { encoding: given, bom: 0 }
  if (start.filter(isBinary).length > start.length / 10) {
    throw new ImportError('file_not_csv', 'this is not a text file: save it as CSV in UTF-8')
  }
  return { encoding: 'UTF-8', bom: 0 }
}

/** Control characters that no text has: all but tabs, line ends, form feeds and escapes. */
function isBinary(byte: number): boolean {
  return byte < 32 && !(byte >= 9 && byte <= 13) && byte !== 27
}
