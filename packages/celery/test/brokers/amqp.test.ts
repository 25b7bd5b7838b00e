import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'
import { afterAll, beforeAll } from 'vitest'
import { createAmqpBroker } from '../../src/brokers/amqp/index.ts'
import { brokerContract } from '../../testing/broker-contract.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'

const url = servers.amqp
if (!url) leftOut('the AMQP broker', 'TEST_AMQP_URL')

let proxy: TcpProxy
const deadLetterQueue = `contract-dead-${randomUUID()}`

beforeAll(async () => {
  if (url) proxy = await startTcpProxy(url, 5672)
})

afterAll(async () => {
  if (!url) return
  await proxy.close()
  await remove([deadLetterQueue])
})

for (const queueType of ['classic', 'quorum'] as const) {
  const queueArguments = queueType === 'quorum' ? { 'x-queue-type': 'quorum' } : undefined
  brokerContract(
    `RabbitMQ, ${queueType} queues`,
    url === undefined
      ? undefined
      : {
          create: async () => createAmqpBroker(proxy.through(url), { heartbeat: 1, deadLetterQueue }),
          priorities: { first: 9, arguments: { 'x-max-priority': 10 } },
          ...(queueArguments && { arguments: queueArguments }),
          countsStarts: queueType === 'quorum',
          network: () => proxy,
          cleanUp: remove,
        },
  )
}

async function remove(names: string[]): Promise<void> {
  if (!url) return
  const connection = await connect(url)
  const channel = await connection.createChannel()
  for (const name of names) {
    await channel.deleteQueue(name)
    await channel.deleteExchange(name)
  }
  await connection.close()
}
