import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskContext } from '../../src/app/task.ts'
import type { Celery } from '../../src/create-celery.ts'
import type { Effect } from './effects.ts'

/** What every task is given: a number, and for how many milliseconds to work. */
export interface Work {
  n: number
  ms: number
}

export type Note = (effect: Omit<Effect, 'at'>) => void

/** The tasks of a trial. Their effect comes after their work: what is killed meanwhile has begun, and has none. */
export function defineTasks(app: Celery, note: Note) {
  const noted = (context: TaskContext, step: Effect['step']) =>
    note({ id: context.id, step, retries: context.retries, worker: context.worker })
  const begun = (context: TaskContext) => noted(context, 'begun')
  const done = (context: TaskContext) => noted(context, 'done')
  return {
    late: app.task<Work, number>({
      name: 'faults.late',
      ack: 'late',
      async run({ n, ms }, context) {
        begun(context)
        await sleep(ms)
        done(context)
        return n + 1
      },
    }),
    retry: app.task<Work, number>({
      name: 'faults.retry',
      ack: 'late',
      retry: { delay: 0.3, jitter: false },
      async run({ n, ms }, context) {
        begun(context)
        await sleep(ms)
        done(context)
        if (context.retries === 0) throw new Error('the first run always fails')
        return n + 1
      },
    }),
    add: app.task<Work & { before: number }, number>({
      name: 'faults.add',
      ack: 'late',
      params: ['before'],
      async run({ before, n, ms }, context) {
        begun(context)
        await sleep(ms)
        done(context)
        return before + n
      },
    }),
    sum: app.task<{ values: number[] }, number>({
      name: 'faults.sum',
      ack: 'late',
      params: ['values'],
      run({ values }, context) {
        begun(context)
        done(context)
        return values.reduce((sum, value) => sum + value, 0)
      },
    }),
    thread: app.task<Work, number>({
      name: 'faults.thread',
      ack: 'late',
      runOn: 'thread',
      run({ n, ms }, context) {
        begun(context)
        const until = performance.now() + ms
        while (performance.now() < until);
        done(context)
        return n + 1
      },
    }),
    early: app.task<Work, number>({
      name: 'faults.early',
      ack: 'early',
      async run({ n, ms }, context) {
        begun(context)
        await sleep(ms)
        done(context)
        return n + 1
      },
    }),
  }
}

export type FaultsTasks = ReturnType<typeof defineTasks>
