// npm run bench [-- NAME...]: runs the benchmarks named (all of them when none is), prints what they found, and keeps
// the figures in bench/figures/NAME.json. `import=FILE` and `search=10000,100000` give one its argument; the figures
// of a search of other sizes than the usual ones are printed only.
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { byId } from './by-id.ts'
import { importGoodbooks } from './import.ts'
import { accept } from './orders/accept.ts'
import { confirm } from './orders/confirm.ts'
import { old } from './orders/old.ts'
import type { Report } from './report.ts'
import { search, usualSizes } from './search.ts'
import { memory, start } from './start.ts'
import { consume } from './tasks/consume.ts'
import { latency } from './tasks/latency.ts'
import { memory as taskMemory } from './tasks/memory.ts'
import { postgres } from './tasks/postgres.ts'
import { publish } from './tasks/publish.ts'
import { ServersMissing } from './tasks/servers.ts'

const benchmarks: Record<string, (argument?: string) => Promise<Report>> = {
  'by-id': byId,
  import: importGoodbooks,
  search: (sizes = usualSizes.join()) => search(sizes.split(',').map(Number)),
  start,
  memory,
  'orders-accept': accept,
  'orders-confirm': confirm,
  'orders-old': old,
  'tasks-consume': consume,
  'tasks-publish': publish,
  'tasks-postgres': postgres,
  'tasks-latency': latency,
  'tasks-memory': taskMemory,
}

const asked = process.argv.slice(2).map((argument) => argument.split('=') as [string, string?])
const wrong = asked.find(([name]) => !(name in benchmarks))
if (wrong) {
  console.error(`bench: there is no benchmark ${wrong[0]}: one of ${Object.keys(benchmarks).join(', ')}`)
  process.exit(2)
}

const chosen = asked.length > 0 ? asked : Object.keys(benchmarks).map((name) => [name] as [string, string?])
const folder = new URL('../figures/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, argument] of chosen) {
  const report = await run(name, argument)
  if (!report) continue
  console.log(`\n${report.name}: ${report.what}`)
  if (report.wanted) console.log(`wanted: ${report.wanted}: ${report.met ? 'met' : 'NOT MET'}`)
  for (const line of report.lines) console.log(line)
  if (report.met === false) process.exitCode = 1
  if (name === 'search' && argument !== undefined && argument !== usualSizes.join()) continue
  const kept = { ...report, node: process.version, cores: availableParallelism() }
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(kept, null, 2)}\n`)
}

/** Undefined when its servers are not there: an error only for who asked for it by name. */
async function run(name: string, argument: string | undefined): Promise<Report | undefined> {
  try {
    return await benchmarks[name]?.(argument)
  } catch (error) {
    if (!(error instanceof ServersMissing)) throw error
    console.log(`\n${name} is left out: ${error.message}`)
    if (asked.length > 0) process.exitCode = 2
    return undefined
  }
}
