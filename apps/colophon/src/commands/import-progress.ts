import type { ImportProgress } from '@colophon/catalog'
import type { Io } from '../io.ts'

/** Shows how far an import is, on standard error. */
export interface ProgressWriter {
  show(progress: ImportProgress): void
  /** Makes room for a line of text. */
  clear(): void
  end(): void
}

/** Between two lines where there is no terminal, in milliseconds. */
const lineEvery = 5_000
const barWidth = 24

/**
 * A bar on a terminal, drawn over itself; elsewhere a plain line now and then.
 * @param clock milliseconds
 */
export function createProgressWriter({ stderr }: Io, clock: () => number): ProgressWriter {
  const began = clock()
  let written = began
  const clear = () => {
    if (stderr.isTTY) stderr.write('\r\u001b[K')
  }
  return {
    show(progress) {
      const line = progressLine(progress, (clock() - began) / 1000)
      if (stderr.isTTY) {
        stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns ?? 80) - 1)}`)
      } else if (clock() - written >= lineEvery) {
        written = clock()
        stderr.write(`${line}\n`)
      }
    },
    clear,
    end: clear,
  }
}

/** One line of progress after so many seconds; without a bar when the size is not known. */
export function progressLine(progress: ImportProgress, seconds: number): string {
  const { read, refused, bytesRead, bytesTotal } = progress
  const rate = seconds > 0 ? Math.round(read / seconds) : 0
  const rows = `${read.toLocaleString('en')} rows, ${rate.toLocaleString('en')}/s${refused > 0 ? `, ${refused} refused` : ''}`
  if (!bytesTotal) return rows
  const share = Math.min(1, bytesRead / bytesTotal)
  const bar = '█'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '░')
  const left = share > 0 && share < 1 ? `, ${Math.ceil((seconds * (1 - share)) / share)} s left` : ''
  return `${bar} ${Math.floor(share * 100)}%  ${rows}${left}`
}
