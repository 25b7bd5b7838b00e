import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { until } from '../../testing/broker-contract/suite.ts'
import { plainClient } from './keys.ts'
import { OwnRedis } from './own-server.ts'

/** A master with a replica, behind one address that leads to the master. */
export interface MovingRedis {
  readonly url: string
  /** How many connections were made to that address. */
  readonly connections: number
  /** Both change places: the address leads to the new master, while connections to the old one stay open. */
  failOver(): Promise<void>
}

/** A replica that comes is given its copy without waiting for others. */
const atOnce = ['--repl-diskless-sync-delay', '0']

export async function startMoving(): Promise<MovingRedis> {
  const servers = await Promise.all([OwnRedis.start(atOnce), OwnRedis.start(atOnce)])
  const [first, second] = servers.map(({ url }) => plainClient(url))
  const [master, replica] = servers.map(({ url }) => Number(new URL(url).port))
  if (!first || !second || !master || !replica) throw new Error('There are two servers')
  await Promise.all([first.connect(), second.connect()])
  await second.replicaof('127.0.0.1', master)
  await until(async () => (await first.info('replication')).includes('state=online'), 'the replica')

  let [port, connections] = [master, 0]
  const sockets = new Set<Socket>()
  const address = createServer((client) => {
    connections += 1
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    client.pipe(upstream).pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(address, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    address.close()
    for (const client of [first, second]) client.disconnect()
    await Promise.all(servers.map((server) => server.remove()))
  })
  return {
    url: `redis://127.0.0.1:${(address.address() as AddressInfo).port}/0`,
    get connections() {
      return connections
    },
    async failOver() {
      await first.failover('TO', '127.0.0.1', replica)
      await until(async () => (await first.info('replication')).includes('role:slave'), 'the failover')
      port = replica
    },
  }
}
