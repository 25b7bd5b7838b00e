import type { TrialReport } from './trial.ts'
import { earlyLost, type KindCount, mostEarlyLost } from './verdict.ts'

/** How many faults are told at most. */
const mostTold = 40

const columns: readonly (readonly [title: string, value: (count: KindCount) => string | number])[] = [
  ['tasks', ({ kind }) => kind],
  ['sent', ({ sent }) => sent],
  ['sent again', ({ sentAgain }) => sentAgain],
  ['ran again', ({ ranAgain }) => ranAgain],
  ['most runs', ({ mostRuns }) => mostRuns],
  ['no effect', ({ noEffect }) => noEffect],
  ['no result', ({ noResult }) => noResult],
]

/** What a trial found, as a table and lines for people. */
export function summary(report: TrialReport): string {
  const { kind, kinds, faults, done, errors, workerKills } = report
  const rows = kinds.map((count) => columns.map(([, value]) => String(value(count))))
  const table = [columns.map(([title]) => title), ...rows]
  const widths = columns.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const lines = table.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
  return [
    `${kind}: ${report.seconds.toFixed(0)} s`,
    ...lines,
    `faults: ${[...done].map(([name, count]) => `${name} ${count}`).join(', ')}`,
    `workers killed: ${workerKills}; starts that failed as a server was down: ${report.failedStarts}`,
    `acknowledged early and lost: ${earlyLost(kinds)}, of at most ${mostEarlyLost(workerKills)} that ran or began`,
    `chords of which a part was sent again after their end: ${report.chordsLeft}`,
    ...[...errors].map(([message, count]) => `logged as an error ${count} times: ${message}`),
    faults.length === 0 ? 'NOTHING LOST' : `WRONG: ${faults.length}`,
    ...faults.slice(0, mostTold).map((fault) => `  ${fault}`),
  ].join('\n')
}
