// npm run faults [-- --shape embedded|fleet] [--orders NUMBER] [--seed NUMBER] [--patience SECONDS]
// [--keep]: places orders while processes and servers are killed in turn and the payment provider misbehaves,
// in each shape unless one is named, and fails when an order is lost, doubled, charged twice or stuck, when
// stock and money do not add up, when something ends by itself, or when all is not at rest in so many
// seconds: seventeen minutes unless told otherwise. The fleet needs redis-server and rabbitmq-server on the
// PATH; PostgreSQL is the embedded one. With fewer than 2,000 orders it is short (tempo.ts): everything is
// killed once, with less calm, and the sweeper's minute is a quarter of one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Shape } from './shapes.ts'
import { restPatience, runTrial, summary } from './trial.ts'

const { values } = parseArgs({
  options: {
    shape: { type: 'string' },
    orders: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    patience: { type: 'string', default: String(restPatience / 1_000) },
    keep: { type: 'boolean', default: false },
  },
})
const [orders, seed] = [Number(values.orders), Number(values.seed)]
const patience = Number(values.patience) * 1_000
const shapes = (['embedded', 'fleet'] as const).filter((shape) => (values.shape ?? shape) === shape)
if (shapes.length === 0 || !(orders > 0) || !Number.isInteger(seed) || !(patience > 0)) {
  console.error(
    'usage: npm run faults -- [--shape embedded|fleet] [--orders NUMBER] [--seed NUMBER] ' +
      '[--patience SECONDS] [--keep]',
  )
  process.exit(2)
}

// Servers and processes end with this one.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

let isWell = true
for (const shape of shapes) isWell = (await tryOne(shape)) && isWell
process.exitCode = isWell ? 0 : 1

async function tryOne(shape: Shape): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), `colophon-faults-${shape}-`))
  console.log(`${shape}: ${orders} orders, seed ${seed}, in ${folder}`)
  const since = Date.now()
  const tell = (line: string) =>
    console.log(`${((Date.now() - since) / 1_000).toFixed(1).padStart(7)} s  ${line}`)
  const report = await runTrial({ shape, orders, seed, folder, patience, tell })
  console.log(summary(report))
  const isGood = report.faults.length === 0
  // What went wrong is to be read in the logs.
  if (isGood && !values.keep) await rm(folder, { recursive: true, force: true })
  return isGood
}
