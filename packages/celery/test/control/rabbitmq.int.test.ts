import { describe, expect, test, vi } from 'vitest'
import { createAmqpBroker } from '../../src/brokers/amqp/index.ts'
import { keepListening } from '../../src/control/keep-listening.ts'
import { pidboxExchange } from '../../src/control/mailbox.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { recordingLog } from '../events/support/recording-log.ts'
import { interopSuite } from './support/interop-suite.ts'
import { createVirtualHost } from './support/virtual-host.ts'

const { amqp, python } = servers
if (amqp === undefined) leftOut('remote control and events on RabbitMQ', 'TEST_AMQP_URL')
if (python === undefined) leftOut('remote control and events on RabbitMQ', 'TEST_CELERY_PYTHON')

describe.skipIf(amqp === undefined || python === undefined)('on RabbitMQ', () => {
  interopSuite(async () => {
    const { url, drop } = await createVirtualHost(amqp ?? '')
    return { broker: url, python: { folder: python ?? '', broker: url, keyPrefix: '' }, drop }
  })
})

describe.skipIf(amqp === undefined)('two workers of one name', () => {
  test('the second is heard when the first has gone', async () => {
    const { url, drop } = await createVirtualHost(amqp ?? '')
    const log = recordingLog()
    const brokers = [createAmqpBroker(url), createAmqpBroker(url, { log })] as const
    const heard = vi.fn()
    for (const broker of brokers) await broker.open()
    const options = { exchange: pidboxExchange, routingKey: '', queue: 'celery@web1.celery.pidbox' }
    const first = await brokers[0].listen({ ...options, onMessage() {} })
    const tries = vi.spyOn(brokers[1], 'listen')
    const second = await keepListening(brokers[1], { ...options, onMessage: heard }, log, 0.1)
    await vi.waitFor(() => expect(tries.mock.calls.length).toBeGreaterThan(2), 5_000)
    await first.stop()
    await vi.waitFor(async () => {
      await brokers[0].cast(
        {
          headers: {},
          properties: { contentType: 'text/plain', contentEncoding: 'utf-8' },
          body: Buffer.of(),
        },
        { exchange: pidboxExchange, routingKey: '' },
      )
      expect(heard).toHaveBeenCalled()
    }, 10_000)
    expect(log.warnings).toEqual([expect.stringContaining('a worker of the same name')])
    await second.stop()
    for (const broker of brokers) await broker.close()
    await drop()
  })
})
