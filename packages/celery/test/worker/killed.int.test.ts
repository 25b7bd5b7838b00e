import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase } from '@colophon/postgres/testing'
import { connect } from 'amqplib'
import { describe, expect, type TestContext, test } from 'vitest'
import { createCelery } from '../../src/create-celery.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { urlOf } from '../postgres/support/places.ts'
import { removeKeys } from '../redis/keys.ts'
import { until } from './support.ts'

const command = join(import.meta.dirname, '../../src/cli/bin.ts')
const module = join(import.meta.dirname, 'fixtures/dying-app.ts')

interface Place {
  url: string
  cleanUp(queue: string): Promise<void>
}

const ways = [
  { way: 'SIGKILL', task: 'killed-late', end: 'SIGKILL' },
  { way: 'process.exit', task: 'exits-late', end: 3 },
]

const places: { name: string; variable: string; open: (() => Promise<Place>) | undefined }[] = [
  { name: 'RabbitMQ', variable: 'TEST_AMQP_URL', open: servers.amqp ? onRabbitMq(servers.amqp) : undefined },
  { name: 'Redis', variable: 'TEST_REDIS_URL', open: servers.redis ? onRedis(servers.redis) : undefined },
  { name: 'PostgreSQL', variable: 'TEST_DATABASE_URL', open: onPostgres },
]

for (const { name, variable, open } of places) {
  const suite = `tasks that kill their process at their first line, on ${name}`
  if (!open) leftOut(suite, variable)
  // Mostly they wait for processes to start and for what those held to come back.
  describe.skipIf(!open).concurrent(suite, () => {
    test('an early one is not run again, and what waited behind it is run once', async (context) => {
      if (!open) return
      const { client, queue, start, ran } = await setUp(open, context)
      await client.send('dies')
      const behind = Array.from({ length: 20 }, (_, n) => String(n))
      for (const n of behind) await client.send('lives', { args: [Number(n)] })
      expect(await endOf(start())).toBe('SIGKILL')

      const second = start()
      await until(async () => second.signalCode !== null || (await ran()).length === behind.length)
      expect(second.signalCode).toBeNull()
      expect((await ran()).toSorted()).toEqual(behind.toSorted())
      second.kill('SIGTERM')
      expect(await endOf(second)).toBe(0)
      expect((await (await client.broker()).depth(queue))?.messages).toBe(0)
    })

    // What differs is how the process's socket ends, which Redis and PostgreSQL do not care for.
    test.for(name === 'RabbitMQ' ? ways : ways.slice(0, 1))(
      'a late one ($way) is begun five times, and then is one dead letter',
      async (how, context) => {
        if (!open) return
        const { client, queue, start, ran } = await setUp(open, context)
        const { id } = await client.send(how.task)
        for (let life = 1; life <= 5; life++) {
          expect(await endOf(start())).toBe(how.end)
          expect(await ran()).toHaveLength(life)
        }

        const last = start()
        const broker = await client.broker()
        const letters = async () =>
          (await broker.deadLetters.list()).letters.filter((one) => one.queue === queue)
        await until(async () => last.exitCode !== null || (await letters()).length > 0)
        last.kill('SIGTERM')
        expect(await endOf(last)).toBe(0)
        const [letter, ...others] = await letters()
        expect(letter).toMatchObject({ reason: 'worker_lost', taskId: id })
        expect(letter?.error.message).toContain('begun 5 times')
        expect([others, await ran()]).toEqual([[], Array.from({ length: 5 }, () => how.task)])
        expect((await broker.depth(queue))?.messages).toBe(0)
        await broker.deadLetters.remove([letter?.id ?? ''])
      },
    )

    // They come back in one batch, most surely there.
    test.runIf(name === 'Redis')(
      'a late one takes nobody with it who is begun beside it',
      async (context) => {
        if (!open) return
        const { client, start, ran } = await setUp(open, context)
        const sleepers = Array.from({ length: 20 }, (_, n) => String(n))
        for (const n of sleepers) {
          await client.send('sleeps-late', { args: [Number(n)] })
          if (n === '2') await client.send('exits-soon')
        }
        for (let life = 1; life <= 5; life++) expect(await endOf(start('4'))).toBe(3)
        const last = start('4')
        const broker = await client.broker()
        const letters = async () => (await broker.deadLetters.list()).letters
        const isOver = async () => (await letters()).length + new Set(await ran()).size >= sleepers.length + 2
        await until(async () => last.exitCode !== null || (await isOver()))
        last.kill('SIGTERM')
        expect(await endOf(last)).toBe(0)
        expect([...new Set(await ran())].toSorted()).toEqual([...sleepers, 'exits-soon'].toSorted())
        expect((await letters()).map(({ task }) => task)).toEqual(['exits-soon'])
      },
    )
  })
}

type Context = Pick<TestContext, 'onTestFinished'>

async function setUp(open: () => Promise<Place>, context: Context) {
  const { url, cleanUp } = await open()
  const queue = `test-killed-${randomUUID()}`
  const folder = await mkdtemp(join(tmpdir(), 'celery-killed-'))
  const client = createCelery({ broker: url, defaultQueue: queue })
  context.onTestFinished(async () => {
    await client.close()
    await cleanUp(queue)
    await rm(folder, { recursive: true })
  })
  const runs = join(folder, 'runs')
  const start = (concurrency = '1') =>
    startWorker(context, { TEST_BROKER: url, TEST_QUEUE: queue, TEST_RUNS: runs }, concurrency)
  /** What was begun, or done, a line each. */
  const ran = async () => (await readFile(runs, 'utf8').catch(() => '')).split('\n').slice(0, -1)
  return { client, queue, start, ran }
}

function startWorker(
  { onTestFinished }: Context,
  env: Record<string, string>,
  concurrency: string,
): ChildProcess {
  const child = spawn(
    process.execPath,
    [command, '-A', module, 'worker', '-c', concurrency, '-n', `${randomUUID()}@test`],
    {
      env: { ...process.env, ...env },
      stdio: 'inherit',
    },
  )
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
  return async () => {
    const own = new URL(url)
    const prefix = `test-killed-${randomUUID()}:`
    own.searchParams.set('global_keyprefix', prefix)
    // What a killed worker holds comes again a second later.
    own.searchParams.set('lease_timeout', '1')
    return { url: own.href, cleanUp: () => removeKeys(url, prefix) }
  }
}

async function onPostgres(): Promise<Place> {
  const database = await createTestDatabase()
  return { url: urlOf(database), cleanUp: () => database.drop() }
}
