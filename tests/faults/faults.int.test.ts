import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFailed, onTestFinished, vi } from 'vitest'
import { runTrial, summary } from './trial.ts'

const run = fileURLToPath(new URL('run.ts', import.meta.url))

// A short one, which hurries the sweeper; `npm run faults` is the long one, which does not, and kills a fleet
// and its servers too. What goes wrong once is wrong: neither is tried again.
it('orders on one process, which is killed with its PostgreSQL: nothing is lost', {
  timeout: 300_000,
  retry: 0,
}, async () => {
  const made = await mkdtemp(join(tmpdir(), 'colophon-faults-'))
  // A link leads there, as it does where TMPDIR is one.
  const folder = `${made}-link`
  await symlink(made, folder)
  const over = new AbortController()
  const lines: string[] = []
  onTestFailed(() => console.log(lines.join('\n')))
  const tell = (line: string) => lines.push(line)
  const { signal } = over
  const options = {
    shape: 'embedded',
    orders: 150,
    seed: 41,
    folder,
    patience: 150_000,
    signal,
    tell,
  } as const
  const trial = runTrial(options)
  // When it takes too long as well.
  onTestFinished(async () => {
    over.abort(new Error('the test is over'))
    await trial.catch(() => undefined)
    await rm(folder)
    await rm(made, { recursive: true, force: true })
  })
  const report = await trial
  console.log(summary(report))
  expect(report.faults).toEqual([])
  expect(report.acknowledged).toBe(150)
  expect(summary(report)).toMatch(/they cut off: [1-9].*the sweeper's minute was a quarter of one/s)
})

it('Ctrl-C ends the trial with all that it has started', { timeout: 120_000, retry: 0 }, async () => {
  const trial = spawn(process.execPath, [run, '--shape', 'embedded', '--orders', '100000'])
  const exited = once(trial, 'exit')
  let output = ''
  const folder = () => /, in (\S+)/.exec(output)?.[1]
  // Whatever fails before its time.
  onTestFinished(async () => {
    trial.kill('SIGTERM')
    await exited
    await rm(folder() ?? '', { recursive: true, force: true })
  })
  const isOpen = Promise.withResolvers<void>()
  for (const stream of [trial.stdout, trial.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
      if (output.includes('the shop is open')) isOpen.resolve()
    })
  }
  trial.once('exit', () => isOpen.reject(new Error(output)))
  await isOpen.promise
  const read = (file: string) => readFile(join(folder() ?? '', file), 'utf8')
  const postgres = Number.parseInt(await read('data/postgres/postmaster.pid'), 10)
  const [, url = ''] = /"api":"(http:\/\/[^/"]+)/.exec(await read('program.log')) ?? []
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  trial.kill('SIGINT')
  await exited
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  const look = () => expect(() => process.kill(postgres, 0)).toThrow('ESRCH')
  await vi.waitFor(look, { timeout: 20_000 })
})

it('a patience that is none is refused', { retry: 0 }, () => {
  const { status, stderr } = spawnSync(process.execPath, [run, '--patience', 'none'], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('[--patience SECONDS]') })
})
