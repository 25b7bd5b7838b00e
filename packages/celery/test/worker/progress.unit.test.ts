import { expect, onTestFinished, test } from 'vitest'
import { CeleryError, type ErrorCode } from '../../src/errors.ts'
import { createThreadApp } from './fixtures/thread-app.ts'
import { demandingResults, recordLog, startWorker } from './support.ts'

const module = new URL('./fixtures/thread-app.ts', import.meta.url)

/** A worker whose tasks run there, and whose store refuses the progress of one. */
async function setUp(runOn: 'main' | 'thread', code: ErrorCode) {
  const results = await demandingResults()
  const { store } = results
  results.store = async (meta) => {
    if (meta.status === 'HALFWAY') throw new CeleryError(code, 'on purpose')
    await store(meta)
  }
  const { log, lines } = recordLog()
  const app = createThreadApp({ results, log, taskDefaults: { runOn } })
  onTestFinished(() => app.close())
  await startWorker(app, { module, threads: 1 })
  return { app, lines }
}

test.each(['main', 'thread'] as const)('a task goes on whose progress no store takes, on: %s', async (on) => {
  const { app, lines } = await setUp(on, 'RESULTS_UNAVAILABLE')
  const result = await app.send('progress')
  expect(await result.get()).toBe('done')
  expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([
    {
      message: 'HALFWAY could not be stored',
      fields: { id: result.id, err: { code: 'RESULTS_UNAVAILABLE' } },
    },
  ])
})

test.each(['main', 'thread'] as const)('progress that no store can hold is a mistake, on: %s', async (on) => {
  const { app } = await setUp(on, 'BAD_VALUE')
  await expect((await app.send('progress')).get()).rejects.toThrow('on purpose')
})
