import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createRedisBroker } from '../../../src/brokers/redis/index.ts'
import { freeze } from '../../../src/canvas/freeze.ts'
import { type Celery, createCelery } from '../../../src/create-celery.ts'
import { TaskError } from '../../../src/errors.ts'
import { createRedisResults } from '../../../src/results/redis/index.ts'
import { createWorker } from '../../../src/worker/worker.ts'
import { createVirtualHost } from '../../control/support/virtual-host.ts'
import { plainClient, removeKeys } from '../../redis/keys.ts'
import { build, type Plan } from './plans.ts'
import { PythonProgram } from './python.ts'

export type Answer = { value: unknown } | { error: string; args?: string[] }

/** A worker of each language on queues of its own, with what sends to both in both languages. */
export interface Crossing {
  app: Celery
  /** Built, sent and waited for here. */
  here(plan: Plan): Promise<Answer>
  /** Built, sent and waited for in Python. */
  there(plan: Plan): Promise<Answer>
  /** Built here, given ids, and read, sent and waited for in Python. */
  readThere(plan: Plan): Promise<Answer>
  /** What was noted since this was asked last: as many as that, in any order. */
  notes(count: number): Promise<unknown[][]>
  close(): Promise<void>
}

/** Programs of Python's that send and wait, each for one canvas at a time. */
const pythonClients = 4

interface Servers {
  redis: string
  python: string
  /** Redis when undefined. */
  amqp: string | undefined
}

export async function openCrossing({ redis, python, amqp }: Servers): Promise<Crossing> {
  const prefix = `canvas-${randomBytes(6).toString('hex')}:`
  const host = amqp === undefined ? undefined : await createVirtualHost(amqp)
  const results = createRedisResults(redis, { globalKeyPrefix: prefix })
  const broker = host?.url ?? createRedisBroker(redis, { globalKeyPrefix: prefix })
  const app = createCelery({
    broker,
    results,
    defaultQueue: `${prefix}ts`,
    routes: [
      { task: 'py.*', queue: `${prefix}py` },
      { task: 'ts.*', queue: `${prefix}ts` },
    ],
  })
  // What waits for a note holds its connection.
  const noted = plainClient(redis)
  const noting = noted.duplicate()
  await Promise.all([noted.connect(), noting.connect()])
  defineTasks(app, (args) => noting.rpush(`${prefix}notes`, JSON.stringify(args)))
  const worker = createWorker(app, { concurrency: 4 })
  await worker.start()

  const env = { CANVAS_BROKER: host?.url ?? redis, CANVAS_RESULTS: redis, CANVAS_PREFIX: prefix }
  const options = ['--pool', 'solo', '-Q', `${prefix}py`, '-n', `${prefix}@test`, '-l', 'info']
  const quiet = ['--without-gossip', '--without-mingle', '--without-heartbeat']
  const pythonWorker = new PythonProgram(
    join(python, 'celery'),
    ['-A', 'canvas_app', 'worker', ...options, ...quiet],
    env,
  )
  const clients = Array.from(
    { length: pythonClients },
    () => new PythonProgram(join(python, 'python'), ['canvas_app.py'], env),
  )

  async function close(): Promise<void> {
    await Promise.all([pythonWorker, ...clients].map((program) => program.stop()))
    await worker.stop({ mode: 'cold' })
    await app.close()
    noted.disconnect()
    noting.disconnect()
    await removeKeys(redis, prefix)
    await host?.drop()
  }

  try {
    await Promise.all([pythonWorker.says('ready.'), ...clients.map((client) => client.says('ready'))])
  } catch (error) {
    await close()
    throw error
  }
  let asked = 0
  const ask = async (question: object) => (await clients[asked++ % clients.length]?.ask(question)) as Answer
  return {
    app,
    here: async (plan) => await answer(async () => (await build(app, plan).send()).get({ timeout: 10 })),
    there: async (plan) => await ask({ build: plan }),
    readThere: async (plan) => {
      const data = build(app, plan).toJSON()
      freeze(data, { newId: app.options.newId })
      return await ask({ read: data })
    },
    notes: async (count) => {
      const notes: unknown[][] = []
      while (notes.length < count) {
        const popped = await noted.blpop(`${prefix}notes`, 15)
        if (!popped) throw new Error(`only ${notes.length} notes came`)
        notes.push(JSON.parse(popped[1]))
      }
      return notes
    },
    close,
  }
}

async function answer(get: () => Promise<unknown>): Promise<Answer> {
  try {
    return { value: await get() }
  } catch (error) {
    if (!(error instanceof TaskError)) throw error
    return { error: error.type, args: error.args.map(String) }
  }
}

function defineTasks(app: Celery, note: (args: unknown[]) => Promise<unknown>): void {
  type Rest = { args: unknown[] }
  const { defaultQueue: queue } = app.options
  const define = (name: string, run: (args: unknown[]) => unknown) => {
    defineAs(`ts.${name}`, run)
    // Python has no route for these.
    defineAs(`elsewhere.${name}`, run)
  }
  const defineAs = (name: string, run: (args: unknown[]) => unknown) =>
    app.task({
      name,
      queue,
      params: ['...args'],
      retry: { max: 0 },
      run: ({ args }: Rest) => run(args),
    })
  define('add', total)
  define('tsum', total)
  define('echo', (args) => (args.length === 1 ? args[0] : args))
  define('note', async (args) => void (await note(args)))
  define('failed', async ([taskId]) => void (await note([taskId, 'failed'])))
  define('fail', (args) => {
    throw new TaskError('ValueError', { args: ['deliberate', ...args] })
  })
  app.task({
    name: 'ts.replaced',
    params: ['...args'],
    run: ({ args }: Rest, context) => {
      const plan = args.at(-1) as Plan
      return context.replace(build(app, plan).clone([total(args.slice(0, -1))]))
    },
  })
  app.task({
    name: 'ts.where',
    params: ['...args'],
    run: ({ args }: Rest, { rootId, parentId, id }) => [...args, [rootId, parentId, id]],
  })
}

function total(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + total(one), 0)
  return Number(value)
}
