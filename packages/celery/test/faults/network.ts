import type { FaultServer } from '../../testing/fault-servers/server.ts'
import { startProxyTo, type TcpProxy } from '../../testing/tcp-proxy.ts'
import type { Where } from './plan.ts'

/** Between every process and every server one connection to break. */
export class Network {
  readonly #servers: readonly FaultServer[]
  /** By process, then by server. */
  readonly #proxies: readonly (readonly TcpProxy[])[]

  private constructor(servers: readonly FaultServer[], proxies: readonly (readonly TcpProxy[])[]) {
    this.#servers = servers
    this.#proxies = proxies
  }

  static async create(processes: number, servers: readonly FaultServer[]): Promise<Network> {
    const rows = Array.from({ length: processes }, () =>
      Promise.all(servers.map(({ target }) => startProxyTo(target))),
    )
    return new Network(servers, await Promise.all(rows))
  }

  /** The server's URL for one of the processes. */
  url(process: number, server: FaultServer): string {
    const proxy = this.#proxies[process]?.[this.#servers.indexOf(server)]
    if (!proxy) throw new Error('there is no such process or server')
    return server.urlAt(proxy.port)
  }

  cut(where: Where, afterBytes: number): void {
    for (const proxy of this.#at(where)) {
      if (afterBytes > 0) proxy.cutAfter(afterBytes)
      else proxy.cut()
    }
  }

  freeze(where: Where, afterBytes: number): void {
    for (const proxy of this.#at(where)) {
      if (afterBytes > 0) proxy.freezeAfter(afterBytes)
      else proxy.freeze()
    }
  }

  thaw(where: Where): void {
    for (const proxy of this.#at(where)) proxy.thaw()
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.flat().map((proxy) => proxy.close()))
  }

  #at({ process, server }: Where): TcpProxy[] {
    const rows = process === 'all' ? this.#proxies : this.#proxies.slice(process, process + 1)
    return rows.flatMap((row) => (server === 'all' ? row : row.slice(server, server + 1)))
  }
}
