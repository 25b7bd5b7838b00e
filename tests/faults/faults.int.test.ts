import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFailed, onTestFinished, vi } from 'vitest'
import { runTrial, summary } from './trial.ts'

// A short one; `npm run faults` is the long one, which kills a fleet and its servers too. What goes wrong
// once is wrong: neither is tried again.
it('orders on one process, which is killed with its PostgreSQL: nothing is lost', {
  timeout: 240_000,
  retry: 0,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-faults-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const lines: string[] = []
  onTestFailed(() => console.log(lines.join('\n')))
  const tell = (line: string) => lines.push(line)
  const trial = { shape: 'embedded', orders: 150, seed: 41, folder, patience: 150_000, tell } as const
  const report = await runTrial(trial)
  console.log(summary(report))
  expect(report.faults).toEqual([])
  expect(report.acknowledged).toBe(150)
})

it('Ctrl-C ends the trial with all that it has started', { timeout: 120_000, retry: 0 }, async () => {
  const run = fileURLToPath(new URL('run.ts', import.meta.url))
  const trial = spawn(process.execPath, [run, '--shape', 'embedded', '--orders', '100000'])
  const exited = once(trial, 'exit')
  // Whatever fails before its time.
  onTestFinished(async () => {
    trial.kill('SIGTERM')
    await exited
  })
  let output = ''
  const isOpen = Promise.withResolvers<void>()
  for (const stream of [trial.stdout, trial.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
      if (output.includes('the shop is open')) isOpen.resolve()
    })
  }
  trial.once('exit', () => isOpen.reject(new Error(output)))
  await isOpen.promise
  const [, folder = ''] = /, in (\S+)/.exec(output) ?? []
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const postgres = Number.parseInt(await readFile(join(folder, 'data/postgres/postmaster.pid'), 'utf8'), 10)
  const [, url = ''] =
    /"api":"(http:\/\/[^/"]+)/.exec(await readFile(join(folder, 'program.log'), 'utf8')) ?? []
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  trial.kill('SIGINT')
  await exited
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  const look = () => expect(() => process.kill(postgres, 0)).toThrow('ESRCH')
  await vi.waitFor(look, { timeout: 20_000 })
})
