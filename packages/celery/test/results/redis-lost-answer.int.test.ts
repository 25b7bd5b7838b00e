import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createRedisResults } from '../../src/results/redis/index.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { removeKeys } from '../redis/keys.ts'

/** A way to the server of `url` that can lose the next answer, and the connection with it. */
async function startForgetful(url: string): Promise<{ url: string; loseNext(): void }> {
  const { hostname, port } = new URL(url)
  let isLosing = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port || 6379), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    client.on('data', (bytes) => upstream.write(bytes)).on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    upstream.on('data', (bytes) => {
      if (!isLosing) client.write(bytes)
      else client.destroy()
      isLosing = false
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const through = new URL(url)
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: through.href,
    loseNext() {
      isLosing = true
    },
  }
}

if (servers.redis === undefined) leftOut('answers of Redis that are lost', 'TEST_REDIS_URL')

test.skipIf(servers.redis === undefined)(
  'what is counted is counted once, though the answer is lost',
  async () => {
    const url = servers.redis ?? ''
    const globalKeyPrefix = `t-${randomUUID()}:`
    const proxy = await startForgetful(url)
    const store = createRedisResults(proxy.url, { globalKeyPrefix })
    onTestFinished(async () => {
      await store.close()
      await removeKeys(url, globalKeyPrefix)
    })
    await store.open()
    const part = (n: number) => ({ taskId: `part-${n}`, index: n, state: 'SUCCESS' as const, result: n })
    const group = randomUUID()
    await store.setChordSize(group, 1)
    // The server knows the script from here on: the answer that is lost is that of the addition.
    await store.growChord('other', 1)
    proxy.loseNext()
    await store.growChord(group, 1)
    expect(await store.addChordPart(group, part(0))).toBeUndefined()
    expect(await store.addChordPart(group, part(1))).toEqual([part(0), part(1)])

    expect(await store.countStart('a')).toBe(0)
    proxy.loseNext()
    expect(await store.countStart('a')).toBe(1)
    expect(await store.countStart('a')).toBe(2)
  },
)
