import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createCelery } from '../../src/create-celery.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { startWorker, task } from './support.ts'

const count = 400

const brokers = [
  { name: 'RabbitMQ', url: servers.amqp, port: 5_672, variable: 'TEST_AMQP_URL' },
  { name: 'Redis', url: servers.redis, port: 6_379, variable: 'TEST_REDIS_URL' },
]

for (const { name, url, port, variable } of brokers) {
  const suite = `a worker whose connection to ${name} breaks`
  if (!url || !servers.redis) leftOut(suite, url ? 'TEST_REDIS_URL' : variable)
  describe.skipIf(!url || !servers.redis)(suite, () => {
    test.each(['late', 'early'] as const)('loses no task of `ack: %s` and runs none twice', async (ack) => {
      const [brokerUrl = '', resultsUrl = ''] = [url, servers.redis]
      const network = await startTcpProxy(brokerUrl, port)
      const toResults = await startTcpProxy(resultsUrl, 6_379)
      const queue = `test-worker-${randomUUID()}`
      const common = { defaultQueue: queue, resultExpires: 120 }
      const client = createCelery({ ...common, broker: brokerUrl, results: resultsUrl })
      const throughProxies = { broker: network.through(brokerUrl), results: toResults.through(resultsUrl) }
      const app = createCelery({ ...common, ...throughProxies })
      onTestFinished(async () => {
        await app.close()
        await client.close()
        if (name === 'RabbitMQ') await removeFromRabbitMq(brokerUrl, queue)
        await network.close()
        await toResults.close()
      })

      const runs: number[] = []
      const run = async ({ n }: Record<string, unknown>) => {
        runs.push(Number(n))
        // Each cut falls into the middle of the work.
        if (runs.length % 90 === 0) network.cut()
        if (runs.length % 170 === 0) toResults.cut()
        await new Promise((resolve) => setImmediate(resolve))
        return Number(n) * 2
      }
      task(app, 'double', run, { params: ['n'], ack })
      const sent = []
      for (let n = 0; n < count; n++) sent.push(await client.send('double', { args: [n] }))
      const worker = await startWorker(app, { concurrency: 10 })
      for (const [n, result] of sent.entries()) expect(await result.get({ timeout: 20 })).toBe(n * 2)
      await worker.stop({ timeout: 20 })
      expect(runs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n))
      expect((await (await client.broker()).depth(queue))?.messages).toBe(0)
      for (const result of sent) await result.forget()
    })
  })
}

async function removeFromRabbitMq(url: string, queue: string): Promise<void> {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  await channel.deleteQueue(queue)
  await channel.deleteExchange(queue)
  await connection.close()
}
