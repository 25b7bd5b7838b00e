import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../testing/free-port.ts'
import { createVirtualHost } from '../control/support/virtual-host.ts'
import { readReport, type TestResult } from './report.ts'
import type { Suite } from './suite.ts'

const exec = promisify(execFile)
const command = join(import.meta.dirname, '../../src/cli/bin.ts')
const app = join(import.meta.dirname, 'tasks.ts')
const worker = `${process.execPath} ${command} --app ${app} worker --hostname {name} --concurrency 1`
const pytest = ['-m', 'pytest', '-p', 'foreign_worker', '-p', 'no:cacheprovider']

export type BrokerName = 'redis' | 'amqp'

export interface Place {
  /** The folder of `python`. */
  python: string
  suite: Suite
  broker: BrokerName
  /** For logs and reports. */
  folder: string
}

export interface Shard {
  name: string
  tests: string[]
  /** Of pytest. */
  options: string[]
}

/** Runs some tests with a worker, a Redis and with `amqp` a virtual host of their own. */
export async function runShard(place: Place, { name, tests, options }: Shard): Promise<TestResult[]> {
  if (tests.length === 0) return []
  const { suite, broker, folder } = place
  const redis = await startRedis(folder)
  const host = broker === 'amqp' ? await createVirtualHost(process.env.TEST_AMQP_URL ?? '') : undefined
  const results = `redis://127.0.0.1:${redis.port}/0`
  const file = (kind: string) => join(folder, `${broker}-${name}.${kind}`)
  await writeFile(file('tests'), tests.join('\n'))
  const args = [...pytest, '--durations=15', '--junit-xml', file('xml'), ...options, `@${file('tests')}`]
  // The worker writes to the same log as the tests.
  const child = spawn(
    'sh',
    ['-c', `exec "$0" "$@" > '${file('log')}' 2>&1`, join(place.python, 'python'), ...args],
    {
      cwd: suite.folder,
      env: {
        ...environment(suite),
        TEST_BROKER: host?.url ?? results,
        TEST_BACKEND: results,
        REDIS_PORT: String(redis.port),
      },
      stdio: 'ignore',
    },
  )
  try {
    await once(child, 'exit')
    return await readReport(file('xml')).catch(async () => {
      throw new Error(`pytest made no report:\n${await readFile(file('log'), 'utf8')}`)
    })
  } finally {
    redis.server.kill()
    await host?.drop()
  }
}

/** The names of the tests in these files, as pytest takes them. */
export async function collectTests(python: string, suite: Suite, paths: string[]): Promise<string[]> {
  const args = [...pytest, '--collect-only', '-q', ...paths]
  const { stdout } = await exec(join(python, 'python'), args, { cwd: suite.folder, env: environment(suite) })
  return stdout.split('\n').filter((line) => line.includes('::'))
}

function environment(suite: Suite): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PYTHONPATH: [suite.plugins, import.meta.dirname].join(':'),
    PYTHONDONTWRITEBYTECODE: '1',
    REDIS_HOST: '127.0.0.1',
    FOREIGN_WORKER: worker,
  }
}

async function startRedis(folder: string): Promise<{ port: number; server: ChildProcess }> {
  const port = await freePort()
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const server = spawn('redis-server', options, { stdio: 'ignore' })
  await once(server, 'spawn')
  return { port, server }
}
