import { onTestFinished } from 'vitest'
import type { CeleryOptions } from '../../../src/app/celery-options.ts'
import type { Task } from '../../../src/canvas/task-handle.ts'
import { type Celery, createCelery } from '../../../src/create-celery.ts'
import { TaskError } from '../../../src/errors.ts'
import type { TaskMessage } from '../../../src/protocol/message.ts'
import { createWorker } from '../../../src/worker/worker.ts'

export interface Tasks {
  app: Celery
  /** Messages in the order in which they were published. */
  sent: TaskMessage[]
  add: Task<number[], number>
  sum: Task<unknown[], number>
  echo: Task<unknown[], unknown>
  fail: Task<unknown[], unknown>
  /** Every call of `note` since the start, with its arguments. */
  notes: unknown[][]
  note: Task<unknown[], unknown>
}

/** An app with a few tasks, on a broker and results of its own. */
export function createTasks(options: Partial<CeleryOptions> = {}): Tasks {
  const app = createCelery({ broker: 'memory:', results: 'memory:', ...options })
  onTestFinished(() => app.close())
  const sent = recordSent(app)
  const notes: unknown[][] = []
  const define = <Output>(name: string, run: (args: unknown[]) => Output) =>
    app.task<{ args: unknown[] }, Output>({ name, params: ['...args'], run: ({ args }) => run(args) })
  define('add', (args) => (args as number[]).reduce((total, number) => total + number, 0))
  define('sum', (args) => (args.flat(9) as number[]).reduce((total, number) => total + number, 0))
  define('echo', (args) => (args.length === 1 ? args[0] : args))
  define('note', (args) => notes.push(args))
  app.task({
    name: 'fail',
    params: ['...args'],
    retry: { max: 0 },
    run: ({ args }: { args: unknown[] }) => {
      throw new TaskError('ValueError', { args: ['deliberate', ...args] })
    },
  })
  const remote = <Input extends object, Output>(name: string) => app.remote<Input, Output>({ name })
  return {
    app,
    sent,
    notes,
    add: remote('add'),
    sum: remote('sum'),
    echo: remote('echo'),
    fail: remote('fail'),
    note: remote('note'),
  }
}

function recordSent(app: Celery): TaskMessage[] {
  const sent: TaskMessage[] = []
  const publish = app.publishTask.bind(app)
  app.publishTask = async (message, ...rest) => {
    sent.push(message)
    await publish(message, ...rest)
  }
  return sent
}

export async function startWorker(app: Celery): Promise<void> {
  const worker = createWorker(app)
  onTestFinished(() => worker.stop({ mode: 'cold' }))
  await worker.start()
}

/** Resolves when the condition holds; rejects when it does not within ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
