import { pause } from '../async/pause.ts'

/** Seconds for which a suspect has the worker to itself, after as many at most until what runs has ended. */
const aloneFor = 2
/** Seconds between two looks at what runs. */
const lookEvery = 0.02
/** Seconds in which a process does so in all: many that were lost twice, by two stops of a machine, must not stay slow. */
const budget = 120

/**
 * In which order those begin that were begun before, of which one may be what kills the worker: one at a time, from
 * being counted to its first line, so that none is counted whose first line never ran; and a suspect alone.
 */
export class StartTurns {
  #last: Promise<void> = Promise.resolve()
  #alone: Promise<void> | undefined
  #left = budget

  /** Undefined while anything may begin; else resolves when it may again. */
  get alone(): Promise<void> | undefined {
    return this.#alone
  }

  /** Resolves when it is its turn, to what ends that. */
  async next(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const before = this.#last
    this.#last = promise
    await before
    return resolve
  }

  /** Begins it with nothing beside it, as far as that is soon. */
  async isolate(begin: () => Promise<void>, isFree: () => boolean, isOver: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#alone = promise
    try {
      await this.#until(isFree)
      await begin()
      await this.#until(isOver)
    } finally {
      this.#alone = undefined
      resolve()
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    for (let waited = 0; !condition() && waited < aloneFor && this.#left > 0; waited += lookEvery) {
      this.#left -= lookEvery
      await pause(lookEvery)
    }
  }
}
