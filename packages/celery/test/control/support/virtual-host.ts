import { randomUUID } from 'node:crypto'

/** A virtual host of the test's own, made through RabbitMQ's management plugin on its usual port. */
export async function createVirtualHost(amqpUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test-${randomUUID()}`
  const server = new URL(amqpUrl)
  const { username, password } = server
  const management = `http://${server.hostname}:15672/api`
  const authorization = `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`

  async function call(method: string, path: string, body: object = {}): Promise<void> {
    const response = await fetch(`${management}/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
    if (!response.ok) throw new Error(`RabbitMQ's management answers ${response.status} to ${method} ${path}`)
  }

  await call('PUT', `vhosts/${name}`)
  await call('PUT', `permissions/${name}/${username}`, { configure: '.*', write: '.*', read: '.*' })
  const url = new URL(amqpUrl)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => call('DELETE', `vhosts/${name}`) }
}
