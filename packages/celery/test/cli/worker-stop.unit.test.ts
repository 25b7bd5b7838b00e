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
  })
  expect(lines.filter((line) => !line.includes('INFO'))).toEqual([])
  expect(code).toBe(0)
})
