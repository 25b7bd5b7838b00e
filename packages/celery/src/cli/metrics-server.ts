import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectDefaultMetrics, register } from 'prom-client'
import type { Log } from '../log.ts'

/** Serves prom-client's registry at `/metrics`, for Prometheus to scrape. */
export async function serveMetrics(port: number, log: Log): Promise<{ close(): Promise<void> }> {
  collectDefaultMetrics({ register })
  const server = createServer({ requestTimeout: 5_000 }, async (request, response) => {
    const { method = '', url = '' } = request
    if (!['GET', 'HEAD'].includes(method) || url.split('?')[0] !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    try {
      const text = await register.metrics()
      response.writeHead(200, { 'content-type': register.contentType }).end(text)
    } catch (error) {
      log.error({ err: error }, 'the metrics could not be collected')
      response.writeHead(500).end()
    }
  })
  server.listen(port)
  await once(server, 'listening')
  log.info({ port: (server.address() as AddressInfo).port }, 'metrics are at /metrics')
  return {
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
