// npm run celery:suite -- PYTHON_BIN [redis|amqp] [TEST...]: Celery's own integration tests with our worker in place of
// Python's. Their source comes from Celery's source distribution. Each test passes, or is named in exceptions.ts with
// the reason. Logs stay in CELERY_SUITE_LOGS, if that names a folder. Runs on Redis servers of its own (`redis-server`), and with amqp on virtual hosts of TEST_AMQP_URL.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createVirtualHost } from '../control/support/virtual-host.ts'
import { exceptions } from './exceptions.ts'
import { readReport, type TestResult } from './report.ts'
import { fetchSuite, type Suite } from './suite.ts'

const exec = promisify(execFile)

const files = ['test_inspect', 'test_tasks', 'test_group_chains', 'test_canvas']
/** Most tests wait, so several run at a time, each with servers and a worker of its own. */
const shards = 4

const [python, broker = 'redis', ...only] = process.argv.slice(2)
if (!python || !['redis', 'amqp'].includes(broker) || (broker === 'amqp' && !process.env.TEST_AMQP_URL)) {
  console.error(
    'usage: npm run celery:suite -- PYTHON_BIN [redis|amqp] [TEST...]   (amqp: with TEST_AMQP_URL)',
  )
  process.exit(2)
}

const command = join(import.meta.dirname, '../../src/cli/bin.ts')
const app = join(import.meta.dirname, 'tasks.ts')
const worker = `${process.execPath} ${command} --app ${app} worker --hostname {name} --concurrency 1`

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}

async function startRedis(folder: string): Promise<{ port: number; server: ChildProcess }> {
  const port = await freePort()
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const server = spawn('redis-server', options, { stdio: 'ignore' })
  await once(server, 'spawn')
  return { port, server }
}

interface Shard {
  tests: string[]
  /** Of pytest. */
  options: string[]
}

function isExcepted(name: string): boolean {
  return exceptions.some(({ test }) => test.test(name))
}

/** Tests that are known not to pass are not tried again and again. */
function shardsOf(tests: string[]): Shard[] {
  const [excepted = [], others = []] = [tests.filter(isExcepted), tests.filter((name) => !isExcepted(name))]
  const parts = Array.from({ length: shards }, (_, index) => ({
    tests: others.filter((_name, position) => position % shards === index),
    options: ['--timeout', '150'],
  }))
  const last = { tests: excepted, options: ['--timeout', '8', '-p', 'no:rerunfailures'] }
  return [...parts, last].filter(({ tests }) => tests.length > 0)
}

async function runShard(
  suite: Suite,
  folder: string,
  index: number,
  { tests, options }: Shard,
): Promise<TestResult[]> {
  const redis = await startRedis(folder)
  const host = broker === 'amqp' ? await createVirtualHost(process.env.TEST_AMQP_URL ?? '') : undefined
  const results = `redis://127.0.0.1:${redis.port}/0`
  const report = join(folder, `report-${index}.xml`)
  const list = join(folder, `tests-${index}.txt`)
  await writeFile(list, tests.join('\n'))
  const own = ['-p', 'foreign_worker', '-p', 'no:cacheprovider', '--durations=15', '--junit-xml', report]
  const args = [...own, ...options]
  const log = join(folder, `log-${index}.txt`)
  const pytest = spawn(
    'sh',
    [
      '-c',
      `exec "$0" "$@" > '${log}' 2>&1`,
      join(python ?? '', 'python'),
      '-m',
      'pytest',
      ...args,
      `@${list}`,
    ],
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
    await once(pytest, 'exit')
    return await readReport(report).catch(async () => {
      throw new Error(`pytest made no report:\n${await readFile(log, 'utf8')}`)
    })
  } finally {
    redis.server.kill()
    await host?.drop()
  }
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

/** On a busy machine a test may time out among others: what failed unexpectedly is run once more, by itself. */
async function runAgain(
  suite: Suite,
  folder: string,
  tests: string[],
  results: TestResult[],
): Promise<TestResult[]> {
  const failed = results.filter(({ name, outcome }) => outcome === 'failed' && !isExcepted(name))
  const names = new Set(failed.map(({ name }) => name))
  const chosen = tests.filter((test) => names.has(reportedName(test)))
  if (chosen.length === 0) return []
  console.log(`${chosen.length} are run once more: ${chosen.join(' ')}`)
  return await runShard(suite, folder, shards + 1, { tests: chosen, options: ['--timeout', '150'] })
}

/** pytest names a test `t/integration/test_x.py::Class::test`, its report `t.integration.test_x.Class::test`. */
function reportedName(test: string): string {
  const [, file = '', place = '', name = ''] = /^(.*)\.py(?:::(.*))?::(.*)$/.exec(test) ?? []
  return `${[...file.split('/'), ...place.split('::').filter(Boolean)].join('.')}::${name}`
}

async function collect(suite: Suite): Promise<string[]> {
  const paths = only.length > 0 ? only : files.map((file) => `t/integration/${file}.py`)
  const args = [
    '-m',
    'pytest',
    '-p',
    'foreign_worker',
    '-p',
    'no:cacheprovider',
    '--collect-only',
    '-q',
    ...paths,
  ]
  const { stdout } = await exec(join(python ?? '', 'python'), args, {
    cwd: suite.folder,
    env: environment(suite),
  })
  return stdout.split('\n').filter((line) => line.includes('::'))
}

const suite = await fetchSuite(python)
const tests = await collect(suite)
console.log(`Celery ${suite.version}: ${tests.length} integration tests with our worker, broker ${broker}`)
const { CELERY_SUITE_LOGS: logs } = process.env
const folder = logs ?? (await mkdtemp(join(tmpdir(), 'celery-suite-')))
const first = (
  await Promise.all(shardsOf(tests).map((shard, index) => runShard(suite, folder, index, shard)))
).flat()
const again = await runAgain(suite, folder, tests, first)
const results = [...first.filter(({ name }) => !again.some((result) => result.name === name)), ...again]
if (!logs) await rm(folder, { recursive: true })

const count = { passed: 0, skipped: 0, excepted: 0, failed: 0 }
for (const { name, outcome, message } of results.toSorted((a, b) => a.name.localeCompare(b.name))) {
  const exception = exceptions.find(({ test }) => test.test(name))
  if (outcome === 'failed' && exception) {
    count.excepted += 1
    console.log(`not passing: ${name}: ${exception.reason}`)
  } else if (outcome === 'failed') {
    count.failed += 1
    console.log(`FAILED: ${name}: ${message}`)
  } else {
    count[outcome] += 1
    if (exception && outcome === 'passed') console.log(`passes after all: ${name}`)
  }
}
const missing = tests.length - results.length
if (missing > 0) console.log(`FAILED: ${missing} tests did not run`)
console.log(
  `${count.passed} passed, ${count.excepted} not passing for the reasons above, ${count.skipped} skipped by Celery's own conditions, ${count.failed} failed`,
)
process.exitCode = count.failed > 0 || missing > 0 || count.passed === 0 ? 1 : 0
