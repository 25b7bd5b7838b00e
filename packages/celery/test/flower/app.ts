import { setTimeout as delay } from 'node:timers/promises'
import { createCelery } from '../../src/index.ts'

const { FLOWER_BROKER = '', FLOWER_RESULTS = '' } = process.env

export const app = createCelery({ broker: FLOWER_BROKER, results: FLOWER_RESULTS, sendEvents: true })

export const add = app.task({
  name: 'shop.add',
  params: ['x', 'y'],
  async run({ x, y }: { x: number; y: number }) {
    await delay(250)
    return x + y
  },
})

export const decline = app.task({
  name: 'shop.decline',
  retry: { max: 1, delay: 0.1 },
  run(): never {
    throw new RangeError('the card was declined')
  },
})

/** Runs until it is revoked. */
export const wait = app.task({
  name: 'shop.wait',
  ack: 'late',
  rateLimit: '100/m',
  async run(_input: object, { signal }) {
    await delay(600_000, undefined, { signal })
  },
})
