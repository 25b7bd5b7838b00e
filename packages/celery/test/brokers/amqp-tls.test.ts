import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAmqpBroker } from '../../src/brokers/amqp/index.ts'
import { leftOut, servers } from '../../testing/servers.ts'

const amqp = servers.amqp
if (!amqp) leftOut('amqps', 'TEST_AMQP_URL')

describe.skipIf(!amqp)('amqps', () => {
  let folder: string
  let certificate: string
  let server: Server
  let url: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'celery-tls-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const files = ['-keyout', key, '-out', cert]
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject, ...files],
      {
        stdio: 'ignore',
      },
    )
    certificate = await readFile(cert, 'utf8')
    const target = new URL(amqp ?? '')
    server = createServer({ key: await readFile(key), cert: certificate }, (socket) => {
      const upstream = connect(Number(target.port || 5672), target.hostname)
      socket.pipe(upstream).pipe(socket)
      for (const end of [socket, upstream]) end.on('error', () => end.destroy())
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `amqps://${target.username}:${target.password}@localhost:${(server.address() as AddressInfo).port}/`
  })

  afterAll(async () => {
    server?.close()
    if (folder) await rm(folder, { recursive: true })
  })

  test('it connects to a server whose certificate it knows', async () => {
    const broker = createAmqpBroker(url, { tls: { ca: certificate } })
    await broker.open()
    expect(broker.describe()).toMatchObject({ transport: 'amqps', hostname: 'localhost' })
    expect(await broker.depth('no-such-queue-of-ours')).toBeUndefined()
    await broker.close()
  })

  test('it does not connect to one whose certificate it does not know', async () => {
    const broker = createAmqpBroker(url)
    await expect(broker.open()).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      message: expect.stringMatching(/localhost:\d+: .*certificate/),
    })
  })
})
