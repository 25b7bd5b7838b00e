import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { leftOut } from '../../packages/celery/testing/servers.ts'
import type { Shape } from './shapes.ts'
import { runTrial, summary } from './trial.ts'

/** Places 500 orders while everything is killed in turn. */
async function expectNothingLost(shape: Shape, seed: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-faults-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const lines: string[] = []
  const report = await runTrial({ shape, orders: 500, seed, folder, tell: (line) => lines.push(line) })
  console.log(`${shape}: ${summary(report)}`)
  expect(report.faults, lines.join('\n')).toEqual([])
  expect(report.acknowledged).toBeGreaterThan(300)
}

it('one process on its embedded PostgreSQL: 500 orders, and nothing is lost', { timeout: 240_000 }, () =>
  expectNothingLost('embedded', 41),
)

const hasServers = ['redis-server', 'rabbitmq-server'].every(
  (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0,
)
if (!hasServers) leftOut('500 orders in a fleet', 'redis-server or rabbitmq-server is not there, and PATH')
it.skipIf(!hasServers)(
  'a fleet on PostgreSQL, RabbitMQ and Redis: 500 orders, and nothing is lost',
  { timeout: 300_000 },
  () => expectNothingLost('fleet', 42),
)
