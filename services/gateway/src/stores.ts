import { continueTrace, type Logger, withContext } from '@colophon/runtime'

type StoreState = 'up' | 'down'

/** Asks a store for a sign of life, within the deadline of the running work; rejects when it gives none. */
export type StoreCheck = () => Promise<unknown>

export interface StoresOptions {
  checks: Readonly<Record<string, StoreCheck>>
  /** How long a store may take to answer, in milliseconds. */
  deadlineMs: number
  /** How long an answer stands for the next ones who ask, in milliseconds. */
  keptMs: number
  /** Milliseconds since the epoch. */
  clock: () => number
  logger: Logger
}

/** The state of every store, asked at most once in `keptMs` however many want to know. Never rejects. */
export function watchStores({ checks, deadlineMs, keptMs, clock, logger }: StoresOptions) {
  const states = new Map<string, StoreState>()
  let asked = Number.NEGATIVE_INFINITY
  let answer: Promise<Record<string, StoreState>> = Promise.resolve({})

  async function stateOf(name: string, check: StoreCheck): Promise<[string, StoreState]> {
    const failure = await failureWithin(deadlineMs, check)
    const state = failure ? 'down' : 'up'
    if (failure && states.get(name) !== 'down') logger.error({ err: failure, store: name }, 'a store is down')
    if (!failure && states.get(name) === 'down') logger.info({ store: name }, 'a store is up again')
    states.set(name, state)
    return [name, state]
  }

  async function ask(): Promise<Record<string, StoreState>> {
    return Object.fromEntries(await Promise.all(Object.entries(checks).map((entry) => stateOf(...entry))))
  }

  return function storeStates(): Promise<Record<string, StoreState>> {
    const now = clock()
    if (now - asked >= keptMs) {
      asked = now
      answer = ask()
    }
    return answer
  }
}

/** What went wrong, or undefined. The check runs as work of its own, so that it does not outlast its deadline. */
async function failureWithin(deadlineMs: number, check: StoreCheck): Promise<unknown> {
  const work = {
    requestId: 'readiness',
    traceparent: continueTrace(undefined),
    deadline: Date.now() + deadlineMs,
  }
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
  try {
    await Promise.race([withContext(work, check), late])
    return undefined
  } catch (error) {
    return error ?? new Error('the check failed')
  } finally {
    clearTimeout(timer)
  }
}
