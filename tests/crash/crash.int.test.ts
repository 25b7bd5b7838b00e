import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { crashRounds } from './rounds.ts'

it('every acknowledged write is there after kill -9 of the program and of PostgreSQL', {
  timeout: 120_000,
  // What is lost once is lost: it is not tried again.
  retry: 0,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-crash-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const report = await crashRounds(folder, ['program', 'postgres', 'postgres', 'program'])
  expect(report.lost).toEqual([])
  expect(report.acknowledged).toBeGreaterThan(100)
})
