import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Target } from '../../src/index.ts'

/** A network between us and PostgreSQL that can be made to swallow everything, as a broken one does. */
export interface Proxy {
  connection: Target
  /** From now on nothing goes through, and nobody is told. */
  swallow(): void
  close(): void
}

export async function startProxy(target: Target): Promise<Proxy> {
  const sockets: Socket[] = []
  let open = true
  const server = createServer((client) => {
    const upstream = connectTo(target)
    sockets.push(client, upstream)
    client.on('data', (data) => open && upstream.write(data))
    upstream.on('data', (data) => open && client.write(data))
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    connection: { url: throughPort(target, (server.address() as AddressInfo).port) },
    swallow() {
      open = false
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function connectTo(target: Target): Socket {
  if (!('url' in target)) return connect(`${target.host}/.s.PGSQL.${target.port}`)
  const { hostname, port } = new URL(target.url)
  return connect(Number(port || 5432), hostname)
}

function throughPort(target: Target, port: number): string {
  const url = new URL('url' in target ? target.url : `postgres://${target.user}@127.0.0.1/${target.database}`)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return url.href
}
