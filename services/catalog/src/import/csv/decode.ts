import { isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { countLines, endOfLine, wholeLines } from './lines.ts'
import { sniff, sniffedBytes } from './sniff.ts'
import { startingWith } from './starting-with.ts'

export interface Decoded {
  /** UTF-8, UTF-16LE, UTF-16BE, or what was given, in capitals. */
  encoding: string
  bom: boolean
  /** The text in UTF-8, in pieces that end where a line ends. */
  pieces: AsyncIterable<Buffer>
  windows: WindowsLines
}

/** The lines read so far that were not UTF-8 and were taken for Windows-1252. */
export interface WindowsLines {
  count: number
  /** The number of the first of them, from 1; the number of lines read while there is none. */
  first: number
}

/**
 * Reads text of any common encoding as UTF-8. What has a UTF-16 byte order mark is that. All else is UTF-8,
 * but for the lines that are not: files put together from several sources mix encodings, so it is decided
 * line by line. An encoding that is given is taken instead, unless there is a mark.
 * @param given a label of the Encoding Standard
 * @throws ImportError when there is nothing, or it is no text; RangeError for a label that there is not
 */
export async function decode(
  chunks: AsyncIterable<Uint8Array>,
  longestLine: number,
  given?: string,
): Promise<Decoded> {
  const decoder = given === undefined ? undefined : new TextDecoder(given)
  const iterator = chunks[Symbol.asyncIterator]()
  const start = await readStart(iterator)
  const { encoding, bom } = sniff(start, decoder?.encoding.toUpperCase())
  const bytes = startingWith<Uint8Array>(start.subarray(bom), iterator)
  let utf8: AsyncIterable<Uint8Array> = bytes
  if (decoder && bom === 0) utf8 = decoded(bytes, decoder)
  else if (encoding !== 'UTF-8') utf8 = fromUtf16(bytes, encoding === 'UTF-16BE')
  const windows = { count: 0, first: 0 }
  return {
    encoding,
    bom: bom > 0,
    pieces: toUtf8(wholeLines(utf8, longestLine), windows),
    windows,
  }
}

async function readStart(iterator: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  while (size < sniffedBytes) {
    const { value, done } = await iterator.next()
    if (done) break
    parts.push(value)
    size += value.length
  }
  return Buffer.concat(parts)
}

/** What the decoder makes of the bytes; where they are no character it has U+FFFD, for which a row is warned of. */
async function* decoded(chunks: AsyncIterable<Uint8Array>, decoder: TextDecoder): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  yield Buffer.from(decoder.decode())
}

/** Half of a surrogate pair becomes NUL: no text holds either, and a row is refused for it. */
async function* fromUtf16(chunks: AsyncIterable<Uint8Array>, swap: boolean): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array()
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk])
    const end = endOfUnits(bytes, swap ? 0 : 1)
    rest = bytes.subarray(end)
    yield utf16(bytes.subarray(0, end), swap)
  }
  if (rest.length > 0) yield utf16(rest.subarray(0, rest.length & ~1), swap)
}

function utf16(bytes: Uint8Array, swap: boolean): Buffer {
  const units = Buffer.from(bytes)
  const text = (swap ? units.swap16() : units).toString('utf16le')
  return Buffer.from(text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, '\0'))
}

/** Where whole characters end: not within a unit, and not behind the first half of a pair. */
function endOfUnits(bytes: Uint8Array, highByte: 0 | 1): number {
  const end = bytes.length & ~1
  const high = bytes[end - 2 + highByte]
  return high !== undefined && high >= 0xd8 && high <= 0xdb ? end - 2 : end
}

const windows1252 = new TextDecoder('windows-1252')

async function* toUtf8(
  pieces: AsyncIterable<Buffer<ArrayBuffer>>,
  windows: WindowsLines,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    const isWhole = isUtf8(piece)
    if (isWhole && windows.count === 0) windows.first += countLines(piece, 0, piece.length)
    yield isWhole ? piece : Buffer.concat(mixedLines(piece, windows))
  }
}

function mixedLines(piece: Buffer<ArrayBuffer>, windows: WindowsLines): Buffer[] {
  const lines: Buffer[] = []
  for (let at = 0; at < piece.length; ) {
    const end = endOfLine(piece, at)
    const line = piece.subarray(at, end)
    at = end
    if (windows.count === 0) windows.first++
    if (isUtf8(line)) lines.push(line)
    else {
      lines.push(Buffer.from(windows1252.decode(line)))
      windows.count++
    }
  }
  return lines
}
