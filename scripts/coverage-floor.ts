// Compares line and branch coverage, per workspace, with the floor in coverage-floor.json, and fails when one
// has fallen below or was not measured at all. `--raise` writes today's figures, rounded down and minus one, where
// they are higher: a floor only rises, and the one is slack for branches that a run takes or not by its timing.
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'

interface Count {
  total: number
  covered: number
}
type Summary = Record<string, { lines: Count; branches: Count }>
type Floors = Record<string, { lines: number; branches: number }>

const root = new URL('..', import.meta.url)
const floorFile = new URL('coverage-floor.json', root)
const summary: Summary = JSON.parse(readFileSync(new URL('coverage/coverage-summary.json', root), 'utf8'))
const floors: Floors = JSON.parse(readFileSync(floorFile, 'utf8'))

const totals = new Map<string, { lines: Count; branches: Count }>()
for (const [file, { lines, branches }] of Object.entries(summary)) {
  if (file === 'total') continue
  const workspace = relative(root.pathname, file).split('/').slice(0, 2).join('/')
  const sum = totals.get(workspace) ?? { lines: { total: 0, covered: 0 }, branches: { total: 0, covered: 0 } }
  for (const [into, from] of [
    [sum.lines, lines],
    [sum.branches, branches],
  ] as const) {
    into.total += from.total
    into.covered += from.covered
  }
  totals.set(workspace, sum)
}

const percent = ({ total, covered }: Count) => (total === 0 ? 100 : (100 * covered) / total)
const unmeasured = Object.keys(floors).filter((workspace) => !totals.has(workspace))
for (const workspace of unmeasured) {
  console.log(`${workspace.padEnd(20)} NOT MEASURED: run its tests, or take it out of coverage-floor.json`)
}
let fallen = unmeasured.length > 0
for (const [workspace, { lines, branches }] of [...totals].sort()) {
  const now = { lines: percent(lines), branches: percent(branches) }
  const floor = floors[workspace] ?? { lines: 0, branches: 0 }
  const low = now.lines < floor.lines || now.branches < floor.branches
  fallen ||= low
  console.log(
    `${workspace.padEnd(20)} lines ${now.lines.toFixed(1)}% (floor ${floor.lines})  ` +
      `branches ${now.branches.toFixed(1)}% (floor ${floor.branches})${low ? '  FALLEN' : ''}`,
  )
  floors[workspace] = {
    lines: Math.max(floor.lines, Math.floor(now.lines) - 1),
    branches: Math.max(floor.branches, Math.floor(now.branches) - 1),
  }
}
if (process.argv.includes('--raise')) {
  const sorted = Object.fromEntries(Object.entries(floors).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(floorFile, `${JSON.stringify(sorted, null, 2)}\n`)
}
process.exitCode = fallen ? 1 : 0
