import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase } from '@colophon/postgres/testing'
import { connect } from 'amqplib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createCelery } from '../../src/create-celery.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { urlOf } from '../postgres/support/places.ts'
import { until } from './support.ts'

const command = join(import.meta.dirname, '../../src/cli/bin.ts')
const module = join(import.meta.dirname, 'fixtures/dying-app.ts')

interface Place {
  url: string
  cleanUp(queue: string): Promise<void>
}

const places: { name: string; variable: string; open: (() => Promise<Place>) | undefined }[] = [
  { name: 'RabbitMQ', variable: 'TEST_AMQP_URL', open: servers.amqp ? onRabbitMq(servers.amqp) : undefined },
  { name: 'Redis', variable: 'TEST_REDIS_URL', open: servers.redis ? onRedis(servers.redis) : undefined },
  { name: 'PostgreSQL', variable: 'TEST_DATABASE_URL', open: onPostgres },
]

for (const { name, variable, open } of places) {
  const suite = `an early task that kills its process at its first line, on ${name}`
  if (!open) leftOut(suite, variable)
  describe.skipIf(!open)(suite, () => {
    test('is not run again, and what waited behind it is run once', async () => {
      if (!open) return
      const { url, cleanUp } = await open()
      const queue = `test-killed-${randomUUID()}`
      const folder = await mkdtemp(join(tmpdir(), 'celery-killed-'))
      const client = createCelery({ broker: url, defaultQueue: queue })
      onTestFinished(async () => {
        await client.close()
        await cleanUp(queue)
        await rm(folder, { recursive: true })
      })
      const runs = join(folder, 'runs')
      const start = () => startWorker({ TEST_BROKER: url, TEST_QUEUE: queue, TEST_RUNS: runs })

      await client.send('dies')
      const behind = Array.from({ length: 20 }, (_, n) => n)
      for (const n of behind) await client.send('lives', { args: [n] })
      expect(await endOf(start())).toBe('SIGKILL')

      const second = start()
      const ran = async () => (await readFile(runs, 'utf8').catch(() => '')).trim().split('\n').map(Number)
      await until(async () => second.signalCode !== null || (await ran()).length === behind.length)
      expect(second.signalCode).toBeNull()
      expect((await ran()).toSorted((a, b) => a - b)).toEqual(behind)
      second.kill('SIGTERM')
      expect(await endOf(second)).toBe(0)
      expect((await (await client.broker()).depth(queue))?.messages).toBe(0)
    })
  })
}

function startWorker(env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [command, '-A', module, 'worker', '-c', '1'], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode ?? child.signalCode
}

function onRabbitMq(url: string): () => Promise<Place> {
  const cleanUp = async (queue: string) => {
    const connection = await connect(url)
    const channel = await connection.createChannel()
    await channel.deleteQueue(queue)
    await channel.deleteExchange(queue)
    await connection.close()
  }
  return async () => ({ url, cleanUp })
}

function onRedis(url: string): () => Promise<Place> {
  const own = new URL(url)
  own.searchParams.set('global_keyprefix', `test-killed-${randomUUID()}:`)
  // What a killed worker holds comes again a second later.
  own.searchParams.set('lease_timeout', '1')
  return async () => ({ url: own.href, cleanUp: async () => {} })
}

async function onPostgres(): Promise<Place> {
  const database = await createTestDatabase()
  return { url: urlOf(database), cleanUp: () => database.drop() }
}
