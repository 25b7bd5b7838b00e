import { closeSync, openSync, readSync, writeSync } from 'node:fs'

/** What a task has done, in a local file: it depends on no server, and one short write is whole or not there. */
export interface Effect {
  id: string
  /** Each run begins, and its effect is that it is done. */
  step: 'begun' | 'done'
  /** The number of the retry. */
  retries: number
  worker: string
  /** Milliseconds since 1970. */
  at: number
}

/** For the processes and threads that run tasks. */
export function openEffects(file: string): (effect: Omit<Effect, 'at'>) => void {
  const descriptor = openSync(file, 'a')
  return ({ id, step, retries, worker }) => {
    writeSync(descriptor, `${id} ${step} ${retries} ${worker} ${Date.now()}\n`)
  }
}

/** Reads what was added since. */
export class EffectsReader {
  readonly #descriptor: number
  readonly #buffer = Buffer.alloc(1 << 20)
  readonly #byTask = new Map<string, Effect[]>()
  #position = 0
  #rest = ''

  constructor(file: string) {
    this.#descriptor = openSync(file, 'a+')
  }

  /** Returns how many are new. */
  read(): number {
    let count = 0
    for (;;) {
      const bytes = readSync(this.#descriptor, this.#buffer, 0, this.#buffer.length, this.#position)
      if (bytes === 0) return count
      this.#position += bytes
      const lines = (this.#rest + this.#buffer.toString('latin1', 0, bytes)).split('\n')
      this.#rest = lines.pop() ?? ''
      count += lines.length
      for (const line of lines) this.#add(line)
    }
  }

  of(id: string): readonly Effect[] {
    return this.#byTask.get(id) ?? []
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #add(line: string): void {
    const [id = '', step, retries, worker = '', at] = line.split(' ')
    const effect: Effect = {
      id,
      step: step === 'begun' ? 'begun' : 'done',
      retries: Number(retries),
      worker,
      at: Number(at),
    }
    const known = this.#byTask.get(id)
    if (known) known.push(effect)
    else this.#byTask.set(id, [effect])
  }
}
