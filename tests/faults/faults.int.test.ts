import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { runTrial, summary } from './trial.ts'

// A short one; `npm run faults` is the long one, which kills a fleet and its servers too.
it('orders on one process, which is killed with its PostgreSQL: nothing is lost', {
  timeout: 240_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-faults-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const lines: string[] = []
  const tell = (line: string) => lines.push(line)
  const report = await runTrial({ shape: 'embedded', orders: 150, seed: 41, folder, tell })
  console.log(summary(report))
  expect(report.faults, lines.join('\n')).toEqual([])
  expect(report.acknowledged).toBeGreaterThan(100)
})
