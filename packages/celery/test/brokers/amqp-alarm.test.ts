import { EventEmitter } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import type { ChannelModel } from 'amqplib'
import { afterEach, expect, test, vi } from 'vitest'
import type { Link } from '../../src/brokers/amqp/link.ts'
import { Publisher } from '../../src/brokers/amqp/publisher.ts'
import { noLog } from '../../src/log.ts'

afterEach(() => vi.restoreAllMocks())

/** RabbitMQ that may be short of memory, and what was written to it. */
async function publisherTo(rabbit: { isBlocked: boolean; confirms?: boolean }) {
  const written: string[] = []
  const asked: (() => void)[] = []
  const unconfirmed: (() => void)[] = []
  let unblocked = () => {}
  const channel = Object.assign(new EventEmitter(), {
    publish(_: string, key: string, __: Buffer, ___: object, confirm: (error: null) => void) {
      written.push(key)
      if (rabbit.confirms === false) unconfirmed.push(() => confirm(null))
      else if (!rabbit.isBlocked) setImmediate(() => confirm(null))
    },
    prefetch: () => new Promise<void>((resolve) => asked.push(resolve)),
    close: async () => void channel.emit('close'),
  })
  const model = { createConfirmChannel: async () => channel } as unknown as ChannelModel
  const link = {
    connected: async () => model,
    get isBlocked() {
      return rabbit.isBlocked
    },
    failure: new Error('it is short of memory or disk'),
    onUnblocked(then: () => void) {
      unblocked = then
    },
  } as unknown as Link
  const publisher = new Publisher(link, noLog, async () => undefined)
  await publisher.start()
  return {
    written,
    asked,
    answer: () => asked.shift()?.(),
    confirm: () => unconfirmed.shift()?.(),
    endAlarm() {
      rabbit.isBlocked = false
      unblocked()
    },
    publish: (key: string | (() => string), timeout = 5, untilKnown = false) =>
      publisher.publish('', key, Buffer.from(key.toString()), {}, timeout, untilKnown),
    stop: () => publisher.stop(),
  }
}

test('in an alarm nothing is written: what waits goes after it in order, and what was refused never', async () => {
  const { written, answer, endAlarm, publish, stop } = await publisherTo({ isBlocked: true })
  const sent = [publish('a'), publish('late', 0.01), publish('b'), publish('c')]
  await expect(sent[1]).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    message: 'RabbitMQ takes no messages now: it is short of memory or disk',
  })
  expect(written).toEqual([])
  endAlarm()
  answer()
  await Promise.all([sent[0], sent[2], sent[3]])
  expect(written).toEqual(['a', 'b', 'c'])
  await stop()
})

test.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('a clock that is set %s by an hour changes nothing of how long a send waits', async (_, change) => {
  const { written, answer, endAlarm, publish, stop } = await publisherTo({ isBlocked: true })
  const start = performance.now()
  const [patient, late] = [publish('patient', 60), publish('late', 0.25)]
  const set = Date.now() + change
  vi.spyOn(Date, 'now').mockImplementation(() => set + performance.now() - start)
  await expect(late).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  expect(performance.now() - start).toBeGreaterThanOrEqual(250)
  endAlarm()
  answer()
  await patient
  expect(written).toEqual(['patient'])
  await stop()
})

test('the first message of a burst goes alone until it is seen that RabbitMQ reads on', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(10_000)
  const rabbit = { isBlocked: false }
  const { written, asked, answer, endAlarm, publish, stop } = await publisherTo(rabbit)
  const burst = (...keys: string[]) => Promise.all(keys.map((key) => publish(key)))
  const first = burst('a', 'b', 'c')
  expect([written, asked.length]).toEqual([['a'], 1])
  answer()
  await first
  await burst('d', 'e')
  expect([written, asked.length]).toEqual([['a', 'b', 'c', 'd', 'e'], 0])
  now.mockReturnValue(20_000)
  const second = burst('f', 'g', 'h')
  await turn()
  expect([written.slice(5), asked.length]).toEqual([['f'], 1])
  rabbit.isBlocked = true
  answer()
  await turn()
  expect(written.slice(5)).toEqual(['f'])
  endAlarm()
  await second
  expect(written.slice(5)).toEqual(['f', 'g', 'h'])
  await stop()
})

test('what says how long a message is to be parked is made when the message is written', async () => {
  const { written, endAlarm, publish, stop } = await publisherTo({ isBlocked: true })
  let left = 60
  const sent = publish(() => `${left} seconds`)
  left = 35
  endAlarm()
  await sent
  expect(written).toEqual(['35 seconds'])
  await stop()
})

test('what takes the place of a delivery is refused only when RabbitMQ surely has not taken it', async () => {
  const { written, confirm, publish, stop } = await publisherTo({ isBlocked: false, confirms: false })
  const taken = publish('taken', 0.01, true)
  // It goes alone: the next ones wait for the answer to the question behind it.
  const unsent = publish('unsent', 0.01, true)
  await expect(unsent).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  await expect(publish('any other', 0.01)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  expect(written).toEqual(['taken'])
  confirm()
  await taken
  await stop()
})
