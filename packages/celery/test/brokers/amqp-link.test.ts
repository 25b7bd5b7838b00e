import { afterEach, expect, test, vi } from 'vitest'
import { Link } from '../../src/brokers/amqp/link.ts'
import { settingsOf } from '../../src/brokers/amqp/options.ts'
import { parseAmqpUrl } from '../../src/brokers/amqp/url.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { recordLog } from '../worker/support.ts'

if (!servers.amqp) leftOut('a connection to RabbitMQ that is lost', 'TEST_AMQP_URL')

afterEach(() => vi.restoreAllMocks())

test.skipIf(!servers.amqp)(
  'a connection lost at once was no good one, though the clock was set forward meanwhile',
  async () => {
    const proxy = await startTcpProxy(servers.amqp ?? '', 5672)
    const { log, lines } = recordLog()
    const url = proxy.through(servers.amqp ?? '')
    const link = new Link(parseAmqpUrl(url), settingsOf({ log }), 'publishing', () => {})
    await link.start()
    const set = Date.now() + 3_600_000
    vi.spyOn(Date, 'now').mockImplementation(() => set)
    await proxy.refuse()
    const tries = () => lines.filter(({ message }) => message === 'RabbitMQ does not answer yet')
    await vi.waitFor(() => expect(tries().length).toBeGreaterThan(0), 5_000)
    expect(tries()[0]?.fields).toMatchObject({ attempt: 1 })
    await link.stop()
  },
)
