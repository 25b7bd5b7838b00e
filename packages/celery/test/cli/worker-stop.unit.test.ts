import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../src/cli/run.ts'

test('a worker that is told to stop while it starts ends well', async () => {
  const lines: string[] = []
  const app = join(import.meta.dirname, '../worker/fixtures/thread-app.ts')
  const code = await run(['-A', app, 'worker', '--threads', '1'], {
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
    env: {},
    onSignals(_signals, listener) {
      listener('SIGTERM')
      return () => undefined
    },
    onUncaught: () => () => undefined,
  })
  expect(lines.filter((line) => !line.includes('INFO'))).toEqual([])
  expect(code).toBe(0)
})

test('a worker whose log nobody reads any more goes on, and ends well when it is told to', async () => {
  const bin = join(import.meta.dirname, '../../src/cli/bin.ts')
  const app = join(import.meta.dirname, '../worker/fixtures/thread-app.ts')
  const worker = spawn(process.execPath, [bin, '-A', app, '-l', 'debug', 'worker'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(worker, 'exit')
  for await (const chunk of worker.stderr) if (String(chunk).includes('ready')) break
  // Leaving the loop has closed the pipe. What is logged of the stop finds nobody.
  worker.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})

test.each([
  ['timer', 'SyntaxError'],
  ['rejection', 'nobody awaits this'],
  ['later', 'no error at all'],
])(
  'an error that nobody caught (%s) ends the worker in order, and the log names its task',
  async (how, what) => {
    const bin = join(import.meta.dirname, '../../src/cli/bin.ts')
    const app = join(import.meta.dirname, 'fixtures/stray-app.ts')
    const { promise, resolve } = Promise.withResolvers<{ code: unknown; err: string }>()
    const env = { ...process.env, TEST_HOW: how }
    execFile(process.execPath, [bin, '-A', app, '--json-logs', 'worker'], { env }, (error, _out, err) =>
      resolve({ code: error?.code, err }),
    )
    const { code, err } = await promise
    expect(code).toBe(1)
    const lines = err.split('\n').filter((line) => line.startsWith('{'))
    const said = lines.map((line) => JSON.parse(line) as { level: string; message: string; id?: string })
    const of = (id: string) =>
      said.filter((line) => line.id === id).map(({ level, message }) => `${level} ${message}`)
    const [first, second] = of('culprit')
    expect(first).toMatch(/^error the worker ends for an error that nobody caught/)
    expect(first).toContain(what)
    expect(second).toMatch(/^error task failed: WorkerLostError/)
    expect(of('bystander')).toEqual(['warn a task is cut off as the worker stops'])
    expect(said.at(-1)?.message).toBe('the worker has stopped')
  },
)
