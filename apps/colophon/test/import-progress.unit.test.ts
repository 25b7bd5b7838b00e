import type { ImportProgress } from '@colophon/catalog'
import { expect, it } from 'vitest'
import { createProgressWriter } from '../src/commands/import-progress.ts'
import { collector } from './support.ts'

function progress(read: number, bytesRead: number, bytesTotal?: number, refused = 0): ImportProgress {
  const counts = { read, inserted: read - refused, updated: 0, unchanged: 0, refused }
  return { ...counts, bytesRead, ...(bytesTotal !== undefined && { bytesTotal }) }
}

/** What is written when these are shown at those seconds. */
function written(isTerminal: boolean, shown: [second: number, ImportProgress][]): string {
  const { stream, text } = collector(isTerminal)
  let now = 0
  const writer = createProgressWriter({ stderr: stream }, () => now)
  for (const [second, at] of shown) {
    now = second * 1000
    writer.show(at)
  }
  writer.end()
  return text()
}

it('elsewhere than on a terminal it is plain lines, five seconds apart at least', () => {
  const lines = written(false, [
    [1, progress(400, 4_000, 100_000)],
    [5, progress(2_000, 20_000, 100_000)],
    [6, progress(2_400, 24_000, 100_000)],
    [10, progress(4_123, 41_000, 100_000, 3)],
    [15, progress(9_999, 100_000, 100_000, 3)],
  ])
  expect(lines).toBe(
    'import: 2,000 of about 10,000 rows (20 %)\n' +
      'import: 4,123 of about 10,000 rows (41 %), 3 refused\n' +
      'import: 9,999 of about 10,000 rows (100 %), 3 refused\n',
  )
})

it('of standard input, whose size is not known, it tells the rows', () => {
  expect(written(false, [[7, progress(2_000, 20_000)]])).toBe('import: 2,000 rows\n')
})

it('on a terminal it is a bar that is drawn over itself, fits the line, and goes in the end', () => {
  const text = written(true, [
    [0, progress(0, 0, 100_000)],
    [2, progress(2_000, 25_000, 100_000, 1)],
    [4, progress(4_000, 100_000, 100_000, 1)],
  ])
  expect(text).not.toContain('\n')
  const drawn = text.split('\r\u001b[K')
  expect(drawn).toEqual([
    '',
    `${'░'.repeat(24)} 0%  0 rows, 0/s`,
    `${'█'.repeat(6)}${'░'.repeat(18)} 25%  2,000 rows, 1,000/s, 1 refused, 6 s left`,
    `${'█'.repeat(24)} 100%  4,000 rows, 1,000/s, 1 refused`,
    '',
  ])
})
