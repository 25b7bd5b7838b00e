import { setTimeout as sleep } from 'node:timers/promises'
import { chain, chord } from '../../src/canvas/build.ts'
import type { Celery } from '../../src/create-celery.ts'
import { CeleryError } from '../../src/errors.ts'
import type { Random } from '../../testing/random.ts'
import type { FaultsTasks } from './tasks.ts'

export const taskKinds = ['late', 'countdown', 'retry', 'chain', 'chord', 'thread', 'early'] as const
export type TaskKind = (typeof taskKinds)[number]

/** A task that was sent, and what must have come of it in the end. */
export interface Sent {
  id: string
  kind: TaskKind
  value: number
  /** Runs that it takes without any fault. */
  runs: number
  /** Milliseconds since 1970 before which it must not run; 0 is at any time. */
  notBefore: number
  /** Of the send that it was part of: more than one when the first was not confirmed. */
  send: { attempts: number }
}

/** Sends that wait for their confirm at a time, and milliseconds between two attempts of one. */
const [atOnce, pause] = [64, 200]
/** How often each kind is sent, by its number of sends. */
const mix: readonly (readonly [TaskKind, number])[] = [
  ['late', 42],
  ['countdown', 10],
  ['retry', 8],
  ['chain', 8],
  ['chord', 5],
  ['thread', 7],
  ['early', 20],
]

/** Sends tasks of all kinds, each over and over with the same id until its broker has it. */
export class Load {
  readonly sent: Sent[] = []
  readonly #app: Celery
  readonly #tasks: FaultsTasks
  readonly #random: Random

  constructor(app: Celery, tasks: FaultsTasks, random: Random) {
    this.#app = app
    this.#tasks = tasks
    this.#random = random
  }

  /** Resolves when so many more tasks are with the broker. */
  async send(count: number): Promise<void> {
    const until = this.sent.length + count
    const sendSome = async () => {
      while (this.sent.length < until) await this.#sendOne()
    }
    await Promise.all(Array.from({ length: atOnce }, sendSome))
  }

  async #sendOne(): Promise<void> {
    const kind = this.#random.weighted(mix)
    const n = this.#random.below(1_000)
    const ms = this.#random.below(25)
    const { late, retry, thread, early } = this.#tasks
    switch (kind) {
      case 'chain':
        return await this.#sendChain(n, ms)
      case 'chord':
        return await this.#sendChord(n, ms)
      case 'countdown': {
        const countdown = this.#random.between(1, 3)
        const { id: taskId, send } = this.#note(kind, n + 1, { notBefore: Date.now() + countdown * 1_000 })
        return await persist(send, () => late.send({ n, ms }, { taskId, countdown }))
      }
      default: {
        const task = { late, retry, thread, early }[kind]
        const { id: taskId, send } = this.#note(kind, n + 1, { runs: kind === 'retry' ? 2 : 1 })
        return await persist(send, () => task.send({ n, ms }, { taskId }))
      }
    }
  }

  async #sendChain(n: number, ms: number): Promise<void> {
    const { late, add } = this.#tasks
    const send = { attempts: 0 }
    const first = this.#note('chain', n + 1, { send })
    const second = this.#note('chain', n + 1 + 5, { send })
    const steps = chain(
      late.signature({ n, ms }, { taskId: first.id }),
      add.signature({ n: 5, ms }, { taskId: second.id }),
    )
    await persist(send, () => steps.send())
  }

  async #sendChord(n: number, ms: number): Promise<void> {
    const { late, sum } = this.#tasks
    const send = { attempts: 0 }
    const values = [n, n + 1, n + 2]
    const parts = values.map((value) => this.#note('chord', value + 1, { send }))
    const body = this.#note('chord', 3 * n + 6, { send })
    const header = values.map((value, i) => late.signature({ n: value, ms }, { taskId: parts[i]?.id ?? '' }))
    const data = chord(header, sum.signature({}, { taskId: body.id })).toJSON()
    // The group has one id too, so that a chord that is sent again is the same one.
    const whole = this.#app.signatureFrom({
      ...data,
      options: { ...data.options, task_id: this.#random.uuid() },
    })
    await persist(send, () => whole.send())
  }

  #note(kind: TaskKind, value: number, more: Partial<Sent> = {}): Sent {
    const sent: Sent = {
      id: this.#random.uuid(),
      kind,
      value,
      runs: 1,
      notBefore: 0,
      send: { attempts: 0 },
      ...more,
    }
    this.sent.push(sent)
    return sent
  }
}

const passing = new Set(['BROKER_UNAVAILABLE', 'RESULTS_UNAVAILABLE'])

async function persist(send: { attempts: number }, work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    send.attempts += 1
    try {
      await work()
      return
    } catch (error) {
      if (!(error instanceof CeleryError) || !passing.has(error.code)) throw error
      await sleep(pause)
    }
  }
}
