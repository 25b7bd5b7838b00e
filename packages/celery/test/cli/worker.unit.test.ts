import { expect, test } from 'vitest'
import { release, url } from './fixtures/app.ts'
import { appFile, begin, onUrl, soon } from './support/command.ts'

test('a worker that is told to stop finishes what runs, and leaves what waits', async () => {
  const worker = begin(['-A', appFile, '--json-logs', 'worker', '-c', '1', '-Q', 'celery', '--metrics', '0'])
  const lines = () => worker.err.map((line) => JSON.parse(line) as { message: string; port?: number })
  const said = (what: string) => lines().find(({ message }) => message === what)
  await soon(() => expect(said('the worker is ready')).toBeDefined())
  const metrics = `http://127.0.0.1:${said('metrics are at /metrics')?.port}/metrics`

  const running = begin(['-b', url, '--result-backend', url, '-l', 'error', 'call', 'hold', '--wait'])
  await soon(async () => {
    expect(await (await fetch(metrics)).text()).toMatch(/^celery_worker_active 1$/m)
  })
  expect((await fetch(`${metrics}/more`)).status).toBe(404)
  expect((await fetch(metrics, { method: 'POST' })).status).toBe(404)
  expect(await (await fetch(`${metrics}?name=any`)).text()).toContain('celery_worker_active')
  const head = await fetch(metrics, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-type')]).toEqual([
    200,
    expect.stringMatching(/^text\/plain/),
  ])

  worker.signal('SIGTERM')
  // It takes no more, and still runs.
  await soon(async () => expect((await onUrl('queues', 'celery')).out[1]).toBe('celery  0        0'))
  expect(await onUrl('call', 'add', '-a', '[1, 2]')).toMatchObject({ code: 0 })
  expect(running.out).toEqual([])
  release()
  expect([await running.code, running.out]).toEqual([0, ['"released"']])
  expect(await worker.code).toBe(0)
  expect((await onUrl('queues', 'celery')).out[1]).toBe('celery  1        0')
  await expect(fetch(metrics)).rejects.toThrow()
})
