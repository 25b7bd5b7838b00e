import { describe } from 'vitest'
import { leftOut, servers } from '../../testing/servers.ts'
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
