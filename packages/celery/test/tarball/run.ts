// node packages/celery/test/tarball/run.ts PYTHON_BIN: packs, installs the tarball into an empty project, and runs the
// README's code there: with `memory:`, and where these servers are, on Redis (TEST_REDIS_URL) and RabbitMQ
// (TEST_AMQP_URL, with results in Redis) beside the Celery in the folder PYTHON_BIN, and on PostgreSQL
// (TEST_DATABASE_URL, whose user may create databases). Prints what it tried; exit code 1 when something failed.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkContents, pack, packInVain } from './pack.ts'
import { output, Running } from './processes.ts'
import { compile, createProject, promisedBy, writeReadmeFiles } from './project.ts'
import { onPostgres, onRabbitMq, onRedis, type Servers } from './servers.ts'

const [python] = process.argv.slice(2)
const { TEST_REDIS_URL: redis, TEST_AMQP_URL: amqp, TEST_DATABASE_URL: postgres } = process.env

const folder = await mkdtemp(join(tmpdir(), 'celery-tarball-'))
const project = join(folder, 'project')
const celery = join(project, 'node_modules/.bin/colophon-celery')
let failures = 0

async function attempt(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
    console.log(`ok ${what}`)
  } catch (error) {
    failures++
    console.log(`FAILED ${what}: ${error instanceof Error ? error.message : error}`)
  }
}

async function prints(file: string, at: string): Promise<void> {
  assert.equal(await output(process.execPath, [file], { folder: at }), promisedBy(file))
}

/** The README's tasks and its worker, by the command, with threads and all. */
async function withWorker(servers: Servers, work: (at: string) => Promise<void>): Promise<void> {
  const at = join(project, servers.name.toLowerCase())
  await writeReadmeFiles(at, servers.change)
  const worker = new Running(process.execPath, [celery, '-A', 'tasks.ts', 'worker', '--threads', '1'], {
    folder: at,
  })
  try {
    await worker.says('the worker is ready')
    await work(at)
  } finally {
    await attempt(`${servers.name}: the worker ends well on SIGTERM`, () => worker.stop())
  }
}

async function onThread(at: string): Promise<void> {
  const call = ['-A', 'tasks.ts', 'call', 'primes.count', '--kwargs', '{"below": 100}', '--wait', '30']
  assert.equal(await output(process.execPath, [celery, ...call], { folder: at }), '25')
}

async function besidePython(servers: Servers, bin: string): Promise<void> {
  await withWorker(servers, async (at) => {
    await attempt(`${servers.name}: Python's client calls a task in TypeScript`, async () => {
      assert.equal(await output(join(bin, 'python'), ['client.py'], { folder: at }), '5')
    })
    await attempt(`${servers.name}: a task on a thread`, () => onThread(at))
    await attempt(`${servers.name}: TypeScript calls a task in Python, alone and in a chain`, async () => {
      const args = [
        '-A',
        'python_tasks',
        'worker',
        '-Q',
        'python',
        '-P',
        'solo',
        '-l',
        'info',
        '-n',
        'python@%h',
      ]
      const worker = new Running(join(bin, 'celery'), args, { folder: at })
      try {
        await worker.says(' ready.')
        await prints('client.ts', at)
      } finally {
        await worker.stop()
      }
    })
  })
}

async function tryServers(
  name: string,
  needs: Record<string, string | undefined>,
  work: () => Promise<Servers>,
) {
  const missing = Object.keys(needs).filter((need) => !needs[need])
  if (missing.length > 0) {
    console.log(`NOT TRIED ${name}: ${missing.join(' and ')} not given`)
    return
  }
  await attempt(name, async () => {
    const servers = await work()
    try {
      if (needs.PYTHON_BIN) await besidePython(servers, needs.PYTHON_BIN)
      else await alone(servers)
    } finally {
      await servers.drop()
    }
  })
}

/** PostgreSQL, whose schema is made by the first of these. */
async function alone(servers: Servers): Promise<void> {
  await withWorker(servers, async (at) => {
    await attempt(`${servers.name}: a task on a thread`, () => onThread(at))
    await attempt(`${servers.name}: client and worker in one process`, () => prints('one-process.ts', at))
  })
}

try {
  await attempt('packing in vain leaves the checkout as it was', () => packInVain(folder))
  const tarball = await pack(folder)
  console.log('ok packing leaves the checkout as it was')
  await attempt('the tarball has what is needed and no more', () => checkContents(tarball, folder))
  await createProject(project, tarball)
  console.log('ok it is installed in an empty project')
  await attempt('the command is there', async () => {
    assert.match(
      await output('npx', ['colophon-celery', '--version'], { folder: project }),
      /^\d+\.\d+\.\d+$/,
    )
  })
  const plain = join(project, 'plain')
  await writeReadmeFiles(plain)
  await attempt('the README compiles against the declarations', () => compile(plain))
  await attempt('memory: alone', async () => {
    await output(process.execPath, ['greet.test.ts'], { folder: plain })
  })
  await tryServers('Redis', { TEST_REDIS_URL: redis, PYTHON_BIN: python }, async () => onRedis(redis ?? ''))
  await tryServers('RabbitMQ', { TEST_AMQP_URL: amqp, TEST_REDIS_URL: redis, PYTHON_BIN: python }, () =>
    onRabbitMq(amqp ?? '', redis ?? ''),
  )
  await tryServers('PostgreSQL', { TEST_DATABASE_URL: postgres }, () => onPostgres(postgres ?? ''))
} catch (error) {
  failures++
  console.log(`FAILED ${error instanceof Error ? error.message : error}`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(failures === 0 ? 'all that was tried works' : `${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1
