import { describe, expect, it } from 'vitest'
import { createLifecycle, createLogger, type Part } from '../src/index.ts'

function recorded() {
  const events: string[] = []
  const lines: string[] = []
  const logger = createLogger({
    level: 'error',
    readable: false,
    destination: { write: (line) => lines.push(line) },
  })
  const part = (name: string, overrides: Partial<Part> = {}): Part => ({
    name,
    start: () => void events.push(`start ${name}`),
    stop: () => void events.push(`stop ${name}`),
    ...overrides,
  })
  const lifecycle = (parts: Part[], stopTimeoutMs = 1000) => createLifecycle({ parts, logger, stopTimeoutMs })
  return { events, lines, part, lifecycle }
}

describe('a lifecycle', () => {
  it('starts parts in order, is ready, and stops them in reverse', async () => {
    const { events, part, lifecycle } = recorded()
    const shop = lifecycle([part('database'), part('accounts'), part('gateway')])
    expect(shop.state).toBe('new')
    await shop.start()
    expect(shop.state).toBe('ready')
    await shop.stop()
    expect(shop.state).toBe('stopped')
    expect(events).toEqual([
      'start database',
      'start accounts',
      'start gateway',
      'stop gateway',
      'stop accounts',
      'stop database',
    ])
  })

  it('stops what was started, the failed part included, and throws its error', async () => {
    const { events, part, lifecycle } = recorded()
    const failing = part('accounts', { start: () => Promise.reject(new Error('no key')) })
    const shop = lifecycle([part('database'), failing, part('gateway')])
    await expect(shop.start()).rejects.toThrow('no key')
    expect(events).toEqual(['start database', 'stop accounts', 'stop database'])
    expect(shop.state).toBe('stopped')
  })

  it('starts nothing more when it is stopped half way', async () => {
    const { events, part, lifecycle } = recorded()
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    const shop = lifecycle([part('database', { start: () => opened }), part('gateway')])
    const started = shop.start()
    const stopped = shop.stop()
    expect(shop.state).toBe('draining')
    open()
    await Promise.all([started, stopped])
    expect(events).toEqual(['stop database'])
    expect(shop.state).toBe('stopped')
  })

  it('stays stopped: a start after that starts nothing', async () => {
    const { events, part, lifecycle } = recorded()
    const shop = lifecycle([part('database')])
    await shop.stop()
    await shop.start()
    expect(events).toEqual([])
    expect(shop.state).toBe('stopped')
  })

  it('stops once, however often it is asked', async () => {
    const { events, part, lifecycle } = recorded()
    const shop = lifecycle([part('database')])
    await shop.start()
    await Promise.all([shop.stop(), shop.stop()])
    await shop.stop()
    expect(events).toEqual(['start database', 'stop database'])
  })

  it('goes on to the next part when one does not stop, and logs its name', async () => {
    const { events, lines, part, lifecycle } = recorded()
    const stuck = part('gateway', { stop: () => Promise.withResolvers<void>().promise })
    const shop = lifecycle([part('database'), stuck], 10)
    await shop.start()
    await shop.stop()
    expect(events.at(-1)).toBe('stop database')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { part: 'gateway', err: { message: 'not stopped after 10 ms' } },
    ])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('pool is busy')
      },
    ],
    ['rejects', () => Promise.reject(new Error('pool is busy'))],
  ])('goes on to the next part when a stop %s', async (_how, stop) => {
    const { events, lines, part, lifecycle } = recorded()
    const shop = lifecycle([part('database'), part('gateway', { stop })])
    await shop.start()
    await shop.stop()
    expect(events.at(-1)).toBe('stop database')
    expect(lines.join()).toContain('pool is busy')
  })
})
