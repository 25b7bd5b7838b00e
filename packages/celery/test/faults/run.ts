// npm run faults:tasks [-- --broker KIND] [--tasks NUMBER] [--seed NUMBER]: runs tasks of every kind while workers and
// servers are killed and connections are cut and frozen, on each broker in turn unless one is named, and fails when
// one was lost. Needs redis-server and rabbitmq-server on the PATH; PostgreSQL is the embedded one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type BrokerKind, brokerKinds } from './kinds.ts'
import { longPlan } from './plan.ts'
import { summary } from './summary.ts'
import { runTrial } from './trial.ts'

const workers = 3

const { values } = parseArgs({
  options: {
    broker: { type: 'string' },
    tasks: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    keep: { type: 'boolean', default: false },
  },
})
const [tasks, seed] = [Number(values.tasks), Number(values.seed)]
const kinds = values.broker === undefined ? brokerKinds : brokerKinds.filter((kind) => kind === values.broker)
if (kinds.length === 0 || !(tasks > 0) || !Number.isInteger(seed)) {
  console.error(`usage: run.ts [--broker ${brokerKinds.join('|')}] [--tasks NUMBER] [--seed NUMBER] [--keep]`)
  process.exit(2)
}

// Servers and workers end with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

let isWell = true
for (const kind of kinds) isWell = (await tryOne(kind)) && isWell
process.exitCode = isWell ? 0 : 1

async function tryOne(kind: BrokerKind): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), `celery-faults-${kind}-`))
  console.log(`${kind}: ${tasks} tasks, seed ${seed}, in ${folder}`)
  const since = Date.now()
  const tell = (line: string) =>
    console.log(`${((Date.now() - since) / 1_000).toFixed(1).padStart(7)} s  ${line}`)
  const plan = (servers: number) => longPlan({ seed, tasks, workers, servers })
  let isGood = false
  try {
    const report = await runTrial({ kind, seed, folder, workers, plan, tell })
    console.log(summary(report))
    isGood = report.faults.length === 0
    return isGood
  } finally {
    // What went wrong is to be read in the workers' logs.
    if (isGood && !values.keep) await rm(folder, { recursive: true, force: true })
  }
}
