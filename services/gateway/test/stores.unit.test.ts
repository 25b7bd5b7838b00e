import { setImmediate as turn } from 'node:timers/promises'
import { createLogger, currentContext } from '@colophon/runtime'
import { describe, expect, it } from 'vitest'
import { type StoreCheck, watchStores } from '../src/stores.ts'

function watched(checks: Record<string, StoreCheck>, deadlineMs = 1000) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const logger = createLogger({ level: 'info', readable: false, destination })
  const time = { now: 0 }
  const states = watchStores({ checks, deadlineMs, keptMs: 1000, clock: () => time.now, logger })
  return { states, time, messages: () => lines.map((line) => JSON.parse(line).msg) }
}

describe('the state of the stores', () => {
  it('is asked once for all who want to know at about the same time', async () => {
    let asked = 0
    const { states, time } = watched({ database: async () => ++asked })
    await Promise.all([states(), states()])
    time.now = 999
    expect(await states()).toEqual({ database: 'up' })
    expect(asked).toBe(1)
    time.now = 1000
    await states()
    expect(asked).toBe(2)
  })

  it('is each store for itself, and a change of it is logged once', async () => {
    let down = true
    const database = () => (down ? Promise.reject(new Error('refused')) : Promise.resolve())
    const { states, time, messages } = watched({ database, cache: async () => undefined })
    expect(await states()).toEqual({ database: 'down', cache: 'up' })
    time.now = 1000
    await states()
    expect(messages()).toEqual(['a store is down'])
    down = false
    time.now = 2000
    expect(await states()).toEqual({ database: 'up', cache: 'up' })
    expect(messages()).toEqual(['a store is down', 'a store is up again'])
  })

  it('is down for a store that does not answer in time, or throws at once', async () => {
    const { states } = watched(
      {
        stuck: () => Promise.withResolvers<void>().promise,
        broken: () => {
          throw new Error('no driver')
        },
      },
      5,
    )
    expect(await states()).toEqual({ stuck: 'down', broken: 'down' })
  })

  it('is found out by work that has the deadline, so that it does not go on after it', async () => {
    const deadlines: (number | undefined)[] = []
    const { states } = watched({
      async database() {
        await turn()
        deadlines.push(currentContext()?.deadline)
      },
    })
    const before = Date.now()
    await states()
    expect(deadlines[0]).toBeGreaterThanOrEqual(before + 1000)
    expect(deadlines[0]).toBeLessThanOrEqual(Date.now() + 1000)
  })
})
