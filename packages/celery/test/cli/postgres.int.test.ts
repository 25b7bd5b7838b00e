import { createTestDatabase } from '@colophon/postgres/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createCelery } from '../../src/create-celery.ts'
import { createWorker } from '../../src/create-worker.ts'
import { urlOf } from '../postgres/support/places.ts'
import { command, soon } from './support/command.ts'

test('on PostgreSQL a task is called, dies, is found, replayed and done', async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const url = urlOf(database)
  const app = createCelery({ broker: url, results: url })
  onTestFinished(() => app.close())
  let isBroken = true
  app.task<Record<string, never>, string>({
    name: 'fragile',
    params: [],
    retry: { max: 0 },
    run: () => {
      if (isBroken) throw new Error('deliberate')
      return 'done'
    },
  })
  const worker = createWorker(app, { hostname: 'cli@host' })
  await worker.start()
  onTestFinished(() => worker.stop({ mode: 'cold' }))
  const env = { CELERY_BROKER_URL: url, CELERY_RESULT_BACKEND: url }
  const run = (...args: string[]) => command(['-l', 'error', ...args], env)

  const called = await run('call', 'fragile', '--wait', '20')
  expect([called.code, called.err.at(-1)]).toEqual([1, expect.stringContaining('deliberate')])
  await soon(async () => {
    expect((await run('dead-letters', 'list', '--task', 'fragile')).out[1]).toMatch(/ retries_exhausted /)
  })
  expect((await run('dead-letters', 'list', '--task', 'other')).out).toEqual(['no dead letters'])
  expect((await run('inspect', 'ping', '-t', '10', '-d', 'cli@host')).out[0]).toContain('pong')

  isBroken = false
  const { code, out } = await run('dead-letters', 'replay', '--all', '--queue', 'celery')
  const [, id = ''] = /is task (\S+) now$/.exec(out[0] ?? '') ?? []
  expect([code, out.length]).toEqual([0, 1])
  await soon(async () => {
    const result = await run('result', id)
    expect(JSON.parse(result.out[0] ?? '')).toMatchObject({ status: 'SUCCESS', result: 'done' })
  })
  expect((await run('dead-letters', 'list')).out).toEqual(['no dead letters'])
  expect((await run('queues')).out[1]).toMatch(/^celery +0 +1$/)
})
