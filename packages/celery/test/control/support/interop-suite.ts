import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { CeleryOptions } from '../../../src/app/celery-options.ts'
import { type ControlClient, createControlClient } from '../../../src/control/client.ts'
import { mingle } from '../../../src/control/mingle.ts'
import { servePidbox } from '../../../src/control/pidbox.ts'
import { type Celery, createCelery } from '../../../src/create-celery.ts'
import { captureEvents } from '../../../src/events/capture.ts'
import type { CeleryEvent } from '../../../src/events/event.ts'
import { createWorkerEvents } from '../../../src/events/worker-events.ts'
import type { WorkerEvents } from '../../../src/worker/events.ts'
import { freePort } from '../../../testing/free-port.ts'
import { FakeWorker, fakeRequest } from './fake-worker.ts'
import {
  commanded,
  commands,
  flowerTasks,
  inspected,
  inspections,
  seenTasks,
  tellOfTasks,
} from './interop-cases.ts'
import { PythonProcess, type PythonSide } from './python.ts'

export interface InteropServer {
  /** The broker for this package, and as Python finds it. */
  broker: CeleryOptions['broker']
  python: PythonSide
  drop(): Promise<void>
}

/** A worker of this package's that runs nothing, watched and told what to do by the real Celery and Flower. */
export function interopSuite(openServer: () => Promise<InteropServer>): void {
  let server: InteropServer
  let app: Celery
  let worker: FakeWorker
  let events: WorkerEvents
  let control: ControlClient
  const stops: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    server = await openServer()
    stops.push(() => server.drop())
    app = createCelery({ broker: server.broker })
    app.task({ name: 'tasks.add', params: ['x', 'y'], run: ({ x, y }: { x: number; y: number }) => x + y })
    stops.push(() => app.close())
    worker = new FakeWorker(app, await app.broker())
    events = createWorkerEvents()(worker)
    vi.spyOn(worker, 'setEvents').mockImplementation((enabled) => {
      worker.eventsEnabled = enabled
      events.enabled = enabled
    })
    control = createControlClient(app)
    stops.push(() => control.close())
    const pidbox = await servePidbox(worker)
    stops.push(() => pidbox.stop())
  })

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop()
  })

  function python(program: 'python' | 'celery', args: string[], env?: Record<string, string>): PythonProcess {
    const process = new PythonProcess(server.python, program, args, env)
    stops.push(() => process.stop())
    return process
  }

  // Python takes seconds to start, and more on a machine that does other things.
  vi.setConfig({ testTimeout: 90_000 })

  test('celery inspect and celery control', async () => {
    worker.activeRequests = [fakeRequest('a', { args: [1, 2], kwargs: { z: 3 }, startedAt: new Date() })]
    const cli = python('python', ['cli.py'])
    cli.write(
      [...inspections, ...commands].map((words) => [
        ...words.slice(0, 1),
        '-d',
        worker.hostname,
        '-j',
        ...words.slice(1),
      ]),
    )
    const outcomes = await cli.json<{ code: number; output: string }[]>()
    const answers = outcomes.map(({ code, output }) => {
      expect(code, output).toBe(0)
      const replies: object[] = [JSON.parse(output)].flat()
      expect(replies.map(Object.keys)).toEqual([[worker.hostname]])
      return Object.values(replies[0] ?? {})[0]
    })
    expect(answers.slice(0, inspections.length)).toEqual(inspected)
    expect(answers.slice(inspections.length)).toEqual(commanded)
    expect(worker.calls.filter(([name]) => name !== 'revoke')).toEqual([
      ['revokeByHeaders', { stamp: ['x'] }, { terminate: false, signal: 'SIGTERM' }],
      ['setTimeLimits', 'tasks.add', { soft: 10, hard: 20 }],
      ['addQueue', { name: 'feeds' }],
      ['addQueue', { name: 'topics', exchange: { name: 'books', type: 'topic' }, routingKey: 'feeds.#' }],
      ['shutDown'],
    ])
  })

  test("Python's receiver and state understand our events", async () => {
    const watcher = python('python', ['watch.py'])
    worker.counts = { 'tasks.add': 2 }
    await vi.waitFor(async () => {
      await control.heartbeat({ destination: worker.hostname })
      expect(watcher.output).toContain('watching')
    }, waiting)
    const told = createWorkerEvents({ taskEvents: true })(worker)
    await told.start()
    tellOfTasks(told)
    await told.stop()
    const { tasks, workers, has_clocks } = await watcher.json<{
      tasks: Record<string, unknown>
      workers: Record<string, unknown>
      has_clocks: boolean
    }>()
    expect(tasks).toEqual(seenTasks)
    expect(workers).toEqual({
      [worker.hostname]: {
        alive: true,
        active: 1,
        processed: 2,
        freq: 2,
        loadavg: [expect.any(Number), expect.any(Number), expect.any(Number)],
        sw_ident: 'ts-celery',
        sw_sys: expect.any(String),
      },
    })
    expect(has_clocks).toBe(true)
  })

  test("our client and a real worker of Python's", async () => {
    const seen: CeleryEvent[] = []
    const watching = await captureEvents(app, (event) => void seen.push(event))
    stops.push(() => watching.stop())
    // Its gossip listens to our heartbeats.
    const own = createWorkerEvents()(worker)
    await own.start()
    stops.push(() => own.stop())
    await control.revoke('revoked-before', { destination: worker.hostname, reply: true, timeout: 10 })
    const name = 'py@interop'
    const program = python(
      'celery',
      ['-A', 'interop_app', 'worker', '-P', 'solo', '-n', name, '-Q', 'interop-python', '-l', 'info', '-E'],
      { INTEROP_QUEUE: 'interop-python' },
    )
    await program.line((line) => line.includes(`${name} ready.`))
    const options = { destination: name, timeout: 10 }
    const one = async <T>(replies: Promise<Record<string, T>>): Promise<T | undefined> =>
      (await replies)[name]
    const { inspect } = control
    // On Redis it says that it is ready a moment before it listens.
    const ping = () => one(inspect.ping({ destination: name, timeout: 0.5 }))
    await vi.waitFor(async () => expect(await ping()).toEqual({ ok: 'pong' }), waiting)
    expect(await one(inspect.registered(options))).toEqual(['tasks.add [rate_limit=100/m]', 'tasks.sleep'])
    expect(await one(inspect.active(options))).toEqual([])
    expect(await one(inspect.activeQueues(options))).toMatchObject([{ name: 'interop-python' }])
    expect(await one(inspect.stats(options))).toMatchObject({
      pool: { 'max-concurrency': expect.any(Number) },
    })
    // It asked ours for these when it started.
    expect(await one(inspect.revoked(options))).toContain('revoked-before')

    const reply = { ...options, reply: true }
    expect(await one(control.rateLimit('tasks.add', '5/s', reply))).toEqual({
      ok: 'new rate limit set successfully',
    })
    expect(await one(control.timeLimit('tasks.add', { soft: 5, hard: 9 }, reply))).toEqual({
      ok: 'time limits set successfully',
    })
    expect(await one(control.addConsumer('feeds', reply))).toEqual({ ok: 'add consumer feeds' })
    expect(await one(control.revoke('revoked-by-us', reply))).toHaveProperty('ok')
    await mingle(worker)
    expect(worker.revoked()).toContain('revoked-by-us')
    expect(await one(control.broadcast('nonsense', {}, reply))).toHaveProperty('error')

    await app.send('tasks.add', { args: [1, 2] }, { queue: 'interop-python', taskId: 'added' })
    await vi.waitFor(() => expect(seen.map(({ type }) => type)).toContain('task-succeeded'), {
      timeout: 10_000,
    })
    expect(seen.find(({ type }) => type === 'task-succeeded')).toMatchObject({ uuid: 'added', result: '3' })
    await control.shutdown({ destination: name })
    await program.exit()
    expect(program.output.match(/ERROR.*/g)).toEqual([expect.stringContaining("KeyError('nonsense')")])
    await vi.waitFor(() => expect(seen.map(({ type }) => type)).toContain('worker-offline'), waiting)
    await own.stop()
  })

  test('Flower: the worker online with its tasks, and the buttons', async () => {
    worker.counts = { 'tasks.add': 2 }
    worker.activeRequests = [fakeRequest('a', { args: [1, 2], startedAt: new Date() })]
    worker.calls.length = 0
    worker.setEvents(false)
    await events.start()
    stops.push(() => events.stop())
    const port = await freePort()
    const flower = python(
      'celery',
      ['-A', 'interop_app', 'flower', '--address=127.0.0.1', `--port=${port}`],
      {
        FLOWER_UNAUTHENTICATED_API: 'true',
        FLOWER_INSPECT_TIMEOUT: '3000',
      },
    )
    await flower.line((line) => line.includes(`http://127.0.0.1:${port}`))
    const base = `http://127.0.0.1:${port}`
    const get = async (path: string): Promise<Record<string, unknown>> =>
      JSON.parse(await (await fetch(base + path, { signal: AbortSignal.timeout(10_000) })).text())
    const post = async (path: string) => {
      const response = await fetch(base + path, { method: 'POST', signal: AbortSignal.timeout(10_000) })
      return response.text()
    }
    const node = worker.hostname

    await vi.waitFor(
      async () => expect(await get('/api/workers?status=1')).toMatchObject({ [node]: true }),
      waiting,
    )
    // It enables the events of tasks by itself.
    await vi.waitFor(() => expect(worker.eventsEnabled).toBe(true), waiting)
    tellOfTasks(events)
    const workers = await get(`/api/workers?refresh=1&workername=${node}`)
    expect(workers[node]).toMatchObject({
      stats: { pid: process.pid, total: { 'tasks.add': 2 }, broker: expect.any(Object) },
      active_queues: expect.arrayContaining([expect.objectContaining({ name: 'celery' })]),
      registered: [expect.stringContaining('tasks.add')],
      active: [expect.objectContaining({ id: 'a', args: '(1, 2)' })],
      conf: expect.objectContaining({ task_default_queue: 'celery' }),
    })
    await vi.waitFor(async () => expect(await get('/api/tasks')).toMatchObject(flowerTasks), waiting)
    const page = await fetch(`${base}/worker/${node}`, { signal: AbortSignal.timeout(10_000) })
    expect(page.status).toBe(200)
    expect((await page.text()).match(/worker-long-value/g)?.length).toBeGreaterThan(20)

    expect(await post(`/api/worker/pool/grow/${node}?n=2`)).toContain('Growing')
    expect(await post(`/api/worker/pool/shrink/${node}?n=1`)).toContain('Shrinking')
    expect(await post(`/api/worker/queue/add-consumer/${node}?queue=flowers`)).toContain(
      'add consumer flowers',
    )
    expect(await post(`/api/worker/queue/cancel-consumer/${node}?queue=flowers`)).toContain(
      'no longer consuming',
    )
    expect(await post(`/api/worker/pool/restart/${node}`)).toContain('Pool restarts not enabled')
    expect(await post(`/api/worker/pool/autoscale/${node}?min=1&max=5`)).toContain('Autoscale not enabled')
    expect(await post('/api/task/revoke/good?terminate=true&signal=SIGTERM')).toContain('Revoked')
    await post(`/api/worker/shutdown/${node}`)
    await vi.waitFor(() => expect(worker.calls.at(-1)).toEqual(['shutDown']), waiting)
    expect(worker.calls).toContainEqual(['revoke', ['good'], { terminate: true, signal: 'SIGTERM' }])
  })
}

const waiting = { timeout: 20_000, interval: 100 }
