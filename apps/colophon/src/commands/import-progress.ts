import type { ImportProgress } from '@colophon/catalog'
import type { Io } from '../io.ts'
import { counted, n } from './import-counts.ts'

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
export function createProgressWriter({ stderr }: Pick<Io, 'stderr'>, clock: () => number): ProgressWriter {
  const began = clock()
  let written = began
  const clear = () => {
    if (stderr.isTTY) stderr.write('\r\u001b[K')
  }
  return {
    show(progress) {
      if (stderr.isTTY) {
        const line = progressBar(progress, (clock() - began) / 1000)
        stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns ?? 80) - 1)}`)
      } else if (clock() - written >= lineEvery) {
        written = clock()
        stderr.write(`import: ${progressLine(progress)}\n`)
      }
    },
    clear,
    end: clear,
  }
}

/** Progress after so many seconds, for a terminal; without a bar when the size is not known. */
export function progressBar(progress: ImportProgress, seconds: number): string {
  const rate = seconds > 0 ? Math.round(progress.read / seconds) : 0
  const rows = `${counted(progress.read, 'row')}, ${n(rate)}/s${refusedOf(progress)}`
  const share = shareOf(progress)
  if (share === undefined) return rows
  const bar = '█'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '░')
  const left = share > 0 && share < 1 ? `, ${Math.ceil((seconds * (1 - share)) / share)} s left` : ''
  return `${bar} ${Math.floor(share * 100)}%  ${rows}${left}`
}

/** Progress in plain text: `2,000 of about 10,000 rows (20 %), 3 refused`. */
export function progressLine(progress: ImportProgress): string {
  const share = shareOf(progress)
  if (!share) return `${counted(progress.read, 'row')}${refusedOf(progress)}`
  // No more digits than an estimate is worth.
  const total = Math.max(progress.read, Number((progress.read / share).toPrecision(2)))
  return `${n(progress.read)} of about ${counted(total, 'row')} (${Math.floor(share * 100)} %)${refusedOf(progress)}`
}

/** How much of the file has been read, 0 to 1; undefined when its size is not known. */
function shareOf({ bytesRead, bytesTotal }: ImportProgress): number | undefined {
  return bytesTotal ? Math.min(1, bytesRead / bytesTotal) : undefined
}

function refusedOf({ refused }: ImportProgress): string {
  return refused > 0 ? `, ${n(refused)} refused` : ''
}
