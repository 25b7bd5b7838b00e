// Compares line and branch coverage, per workspace, with the floor in coverage-floor.json, and fails when one has
// fallen below, was not measured at all or has no floor, or when a floor was lowered. `--raise` writes today's figures,
// rounded down and minus one, where they are higher: a floor only rises, and the one is slack for branches that a run
// takes or not by its timing.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Count {
  total: number
  covered: number
}
type Summary = Record<string, { lines: Count; branches: Count }>
interface Floor {
  lines: number
  branches: number
}
type Floors = Record<string, Floor>

const root = new URL('..', import.meta.url)
const floorFile = new URL('coverage-floor.json', root)
const raiseLine = 'npm run coverage:floor -- --raise'
/** Points above its floor from which a workspace is told that it may be raised. */
const wellAbove = 4

const measured = measuredFloors(
  JSON.parse(readFileSync(new URL('coverage/coverage-summary.json', root), 'utf8')),
)
const floors: Floors = JSON.parse(readFileSync(floorFile, 'utf8'))
const earlier = earlierFloors()
if (process.argv.includes('--raise')) raise()

let fails = false
for (const workspace of [...new Set([...measured.keys(), ...Object.keys(floors)])].sort()) {
  const [line, isWrong] = judge(measured.get(workspace), floors[workspace], earlier[workspace])
  fails ||= isWrong
  console.log(`${workspace.padEnd(20)} ${line}`)
}
process.exitCode = fails ? 1 : 0

function judge(
  now: Floor | undefined,
  floor: Floor | undefined,
  before: Floor | undefined,
): [string, boolean] {
  if (!now) return ['NOT MEASURED: run its tests, or take it out of coverage-floor.json', true]
  if (!floor) return [`NO FLOOR: ${raiseLine}`, true]
  const line =
    `lines ${now.lines.toFixed(1)}% (floor ${floor.lines})  ` +
    `branches ${now.branches.toFixed(1)}% (floor ${floor.branches})`
  if (isBelow(now, floor)) return [`${line}  FALLEN`, true]
  if (before && isBelow(floor, before)) {
    return [`${line}  LOWERED from ${before.lines} and ${before.branches}: put it back`, true]
  }
  const isHigh = now.lines - floor.lines >= wellAbove || now.branches - floor.branches >= wellAbove
  return [`${line}${isHigh ? `  may rise: ${raiseLine}` : ''}`, false]
}

function isBelow(a: Floor, b: Floor): boolean {
  return a.lines < b.lines || a.branches < b.branches
}

function raise(): void {
  for (const [workspace, now] of measured) {
    const floor = floors[workspace] ?? { lines: 0, branches: 0 }
    floors[workspace] = {
      lines: Math.max(floor.lines, Math.floor(now.lines) - 1),
      branches: Math.max(floor.branches, Math.floor(now.branches) - 1),
    }
  }
  const sorted = Object.fromEntries(Object.entries(floors).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(floorFile, `${JSON.stringify(sorted, null, 2)}\n`)
}

/** The coverage of each workspace in percent, from that of its files. */
function measuredFloors(summary: Summary): Map<string, Floor> {
  const files = Object.entries(summary).filter(([file]) => file !== 'total')
  const byWorkspace = Map.groupBy(files, ([file]) =>
    relative(fileURLToPath(root), file).split('/').slice(0, 2).join('/'),
  )
  return new Map(
    [...byWorkspace].map(([workspace, entries]) => {
      const counts = entries.map(([, count]) => count)
      const lines = percent(counts.map((count) => count.lines))
      return [workspace, { lines, branches: percent(counts.map((count) => count.branches)) }]
    }),
  )
}

function percent(counts: readonly Count[]): number {
  const total = counts.reduce((sum, count) => sum + count.total, 0)
  const covered = counts.reduce((sum, count) => sum + count.covered, 0)
  return total === 0 ? 100 : (100 * covered) / total
}

/** The floors where the branch left the main one, or on that the commit before; none in a clone that has neither. */
function earlierFloors(): Floors {
  const fork = git('merge-base', 'HEAD', 'origin/HEAD')
  const base = fork !== undefined && fork !== git('rev-parse', 'HEAD') ? fork : 'HEAD~1'
  return JSON.parse(git('show', `${base}:coverage-floor.json`) ?? '{}')
}

function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}
