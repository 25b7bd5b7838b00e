const lf = 10
const cr = 13

/** Where the last line that is whole ends. A final CR may be half of a CRLF, so the line is not whole yet. */
function endOfWholeLines(bytes: Uint8Array): number {
  const cut = bytes.at(-1) === cr ? bytes.length - 1 : bytes.length
  const head = bytes.subarray(0, cut)
  return Math.max(head.lastIndexOf(lf), head.lastIndexOf(cr)) + 1
}

/**
 * Where the line that begins at `start` ends, behind its LF, CRLF or CR; the length when it is the last one.
 */
export function endOfLine(bytes: Uint8Array, start: number): number {
  const feed = bytes.indexOf(lf, start)
  const line = feed === -1 ? bytes.subarray(start) : bytes.subarray(start, feed)
  const carriage = line.indexOf(cr)
  if (carriage === -1) return feed === -1 ? bytes.length : feed + 1
  const after = start + carriage + 1
  return after === feed ? feed + 1 : after
}

/** How many lines end in this part. */
export function countLines(bytes: Uint8Array, start: number, end: number): number {
  let lines = 0
  for (let at = start; at < end; at++) {
    if (bytes[at] === lf || (bytes[at] === cr && bytes[at + 1] !== lf)) lines++
  }
  return lines
}

/** Bytes worth handling at a time. */
const pieceSize = 65_536

/**
 * Cuts bytes into pieces that end where a line ends, whatever the chunks they come in. Of a line longer than
 * `longest` bytes only the beginning is kept, a little more than `longest`, so that memory is bounded.
 */
export async function* wholeLines(
  chunks: AsyncIterable<Uint8Array>,
  longest: number,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  let held: Uint8Array[] = []
  let size = 0
  let wanted = pieceSize
  let dropping = false
  for await (const whole of chunks) {
    const chunk = dropping ? fromEndOfLine(whole) : whole
    if (chunk.length === 0) continue
    dropping = false
    held.push(chunk)
    size += chunk.length
    if (size < wanted) continue
    const bytes = Buffer.concat(held)
    const end = endOfWholeLines(bytes)
    if (end > 0) yield bytes.subarray(0, end)
    dropping = end === 0 && size > longest
    const rest = dropping ? bytes.subarray(0, longest + 1) : bytes.subarray(end)
    held = [rest]
    size = rest.length
    // Looked at again only when there is twice as much, so that a long line costs no more than its length.
    wanted = Math.max(pieceSize, 2 * size)
  }
  if (size > 0) yield Buffer.concat(held)
}

/** The chunk from where a line ends in it, that line's end included; empty when none does. */
function fromEndOfLine(chunk: Uint8Array): Uint8Array {
  const at = chunk.findIndex((byte) => byte === lf || byte === cr)
  return at === -1 ? chunk.subarray(chunk.length) : chunk.subarray(at)
}
