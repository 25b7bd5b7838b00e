import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type TestContext } from 'vitest'
import type { BrokerKind } from './kinds.ts'
import { shortPlan } from './plan.ts'
import { summary } from './summary.ts'
import { runTrial } from './trial.ts'

const [workers, tasks] = [2, 1_500]

/** A short trial: each fault of the plan once or twice. */
export async function expectNothingLost(
  kind: BrokerKind,
  seed: number,
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'celery-faults-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const lines: string[] = []
  const report = await runTrial({
    kind,
    seed,
    folder,
    workers,
    plan: (servers) => shortPlan({ seed, tasks, workers, servers }),
    tell: (line) => lines.push(line),
  })
  expect(report.faults, `${lines.join('\n')}\n${summary(report)}`).toEqual([])
  expect(report.workerKills).toBe(2)
  const sent = report.kinds.reduce((sum, count) => sum + count.sent, 0)
  expect(sent).toBeGreaterThanOrEqual(tasks)
  // The kills have hit something: what was acknowledged late ran again.
  expect(report.kinds.some(({ kind: name, ranAgain }) => name !== 'early' && ranAgain > 0)).toBe(true)
}
