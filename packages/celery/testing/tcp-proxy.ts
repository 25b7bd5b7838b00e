import { once } from 'node:events'
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  type Socket,
} from 'node:net'

/** A network between a client and its server that can be broken in the ways that networks break. */
export interface TcpProxy {
  readonly port: number
  /** The same URL, through this proxy. */
  through(url: string): string
  /** How many connections there are now. */
  readonly connections: number
  /** Ends all connections there are; new ones are made. */
  cut(): void
  /** Ends all connections once so many more bytes have gone to the server: in the middle of a message. */
  cutAfter(bytes: number): void
  /** Nothing goes through any more and nobody is told; new connections are made, but nothing comes of them. */
  freeze(): void
  freezeAfter(bytes: number): void
  /** What was held back goes on, and no cut or freeze is to come any more. */
  thaw(): void
  /** As `cut`, and new connections are refused, as when the server is down. */
  refuse(): Promise<void>
  /** Undoes `refuse`, on the same port. */
  accept(): Promise<void>
  close(): Promise<void>
}

interface Pair {
  client: Socket
  upstream: Socket
}

/** Leads to the host and port of `url`. */
export async function startTcpProxy(url: string, defaultPort: number): Promise<TcpProxy> {
  const target = new URL(url)
  return await startProxyTo({ host: target.hostname, port: Number(target.port || defaultPort) })
}

/** Leads to a port, or to a Unix socket. */
export async function startProxyTo(
  target: { host: string; port: number } | { path: string },
): Promise<TcpProxy> {
  const proxy = new Proxying(target)
  await proxy.accept()
  return proxy
}

class Proxying implements TcpProxy {
  port = 0
  readonly #target: NetConnectOpts
  readonly #pairs = new Set<Pair>()
  #server: Server | undefined
  #isFrozen = false
  #limit: { bytes: number; reached: () => void } | undefined

  constructor(target: NetConnectOpts) {
    this.#target = target
  }

  get connections(): number {
    return this.#pairs.size
  }

  through(url: string): string {
    return url.replace(/(:\/\/(?:[^/@]*@)?)[^/?#]*/, `$1127.0.0.1:${this.port}`)
  }

  cut(): void {
    this.#limit = undefined
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy()
      if ('path' in this.#target) upstream.destroy()
      else upstream.resetAndDestroy()
    }
  }

  cutAfter(bytes: number): void {
    this.#limit = { bytes, reached: () => this.cut() }
  }

  freeze(): void {
    this.#limit = undefined
    this.#isFrozen = true
    for (const { client, upstream } of this.#pairs) {
      client.pause()
      upstream.pause()
    }
  }

  freezeAfter(bytes: number): void {
    this.#limit = { bytes, reached: () => this.freeze() }
  }

  thaw(): void {
    this.#limit = undefined
    this.#isFrozen = false
    for (const { client, upstream } of this.#pairs) {
      client.resume()
      upstream.resume()
    }
  }

  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    const closed = server && once(server, 'close')
    server?.close()
    this.cut()
    await closed
  }

  async accept(): Promise<void> {
    if (this.#server) return
    const server = createServer((client) => this.#join(client)).listen(this.port, '127.0.0.1')
    this.#server = server
    await once(server, 'listening')
    this.port = (server.address() as AddressInfo).port
  }

  close(): Promise<void> {
    return this.refuse()
  }

  #join(client: Socket): void {
    const upstream = connect(this.#target)
    const pair = { client, upstream }
    this.#pairs.add(pair)
    upstream.on('data', (data) => this.#write(client, data, upstream))
    client.on('data', (data) => this.#send(pair, data))
    client.on('drain', () => this.#isFrozen || upstream.resume())
    upstream.on('drain', () => this.#isFrozen || client.resume())
    for (const socket of [client, upstream]) {
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
        this.#pairs.delete(pair)
      })
    }
    if (!this.#isFrozen) return
    client.pause()
    upstream.pause()
  }

  #send({ client, upstream }: Pair, data: Buffer): void {
    const limit = this.#limit
    if (!limit || data.length < limit.bytes) {
      if (limit) limit.bytes -= data.length
      this.#write(upstream, data, client)
      return
    }
    client.pause()
    client.unshift(data.subarray(limit.bytes))
    this.#limit = undefined
    upstream.write(data.subarray(0, limit.bytes), limit.reached)
  }

  #write(to: Socket, data: Buffer, from: Socket): void {
    if (!to.write(data)) from.pause()
  }
}
