import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { poolOf, urlOf } from '../postgres/support/places.ts'
import { createProject, filesOf, promised, type Snippet, snippetsOf, writeFiles } from './snippets.ts'

const root = join(import.meta.dirname, '../..')
const nodeModules = join(root, '../../node_modules')
const cli = join(root, 'src/cli/bin.ts')
const run = promisify(execFile)

/** What snippets that are run take for granted: the tasks of the README. */
const prelude = `import { add, app, primes, sum } from './tasks.ts'\n`
const compilerOptions = {
  target: 'es2024',
  lib: ['es2024', 'esnext.array', 'esnext.iterator', 'esnext.collection'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  types: ['node'],
}

const guides = readdirSync(join(root, 'docs')).map((name) => join('docs', name))
const readme = snippetsOf(join(root, 'README.md'))
const toRun = readme.filter(({ language, mark }) => language === 'ts' && mark === 'run')
const commands = readme.filter(({ language, mark }) => language === 'sh' && mark === 'run')

let database: TestDatabase
let project: Awaited<ReturnType<typeof createProject>>
let worker: ChildProcess | undefined

beforeAll(async () => {
  database = await createTestDatabase()
  project = await createProject(nodeModules)
  await writeFiles(project.folder, localFiles(filesOf(readme)))
})
afterAll(async () => {
  worker?.kill('SIGTERM')
  if (worker?.exitCode === null) await once(worker, 'exit')
  await project?.drop()
  await database?.drop()
})

/** Every server of the guides is the database of this test. */
function local(code: string): string {
  return code.replace(/(redis:\/\/localhost:6379\/0|postgres:\/\/jobs@localhost\/jobs)/g, urlOf(database))
}

function localFiles(files: Map<string, string>): Map<string, string> {
  return new Map([...files].map(([name, code]) => [name, local(code)]))
}

/** They build on each other. */
function runnable(snippets: readonly Snippet[]): string {
  return [prelude, ...snippets.map(({ code }) => code), 'await app.close()\n'].join('\n')
}

test('every snippet compiles', async () => {
  const files = new Map<string, string>([['tsconfig.json', JSON.stringify({ compilerOptions })]])
  for (const guide of ['README.md', ...guides]) {
    const snippets = snippetsOf(join(root, guide)).filter(({ language }) => language === 'ts')
    for (const [name, code] of filesOf(snippets)) files.set(name, code)
    for (const { line, code } of snippets.filter(({ mark }) => mark === '')) {
      files.set(`${guide.replace(/\W/g, '-')}-${line}.ts`, code)
    }
  }
  files.set('run.ts', runnable(toRun))
  const folder = join(project.folder, 'compiled')
  await writeFiles(folder, files)
  const { stdout } = await run(join(nodeModules, '.bin/tsc'), ['-p', folder]).catch((error) => error)
  expect(stdout).toBe('')
}, 60_000)

test('worker.ts begins, and ends on SIGTERM', async () => {
  const program = `
    import { createControlClient } from '@colophon/celery'
    import { app } from './tasks.ts'

    const control = createControlClient(app)
    const worker = import('./worker.ts')
    while (Object.keys(await control.ping({ timeout: 0.5 })).length === 0) {}
    await control.close()
    process.kill(process.pid, 'SIGTERM')
    await worker
    console.log('ended')`
  await writeFiles(project.folder, new Map([['try-worker.ts', program]]))
  const file = join(project.folder, 'try-worker.ts')
  const { stdout } = await run(process.execPath, [file], { timeout: 60_000 })
  expect(stdout).toBe('ended\n')
}, 90_000)

describe('with a worker that serves the tasks of the README', () => {
  beforeAll(async () => {
    const tasks = join(project.folder, 'tasks.ts')
    worker = spawn(process.execPath, [cli, '-A', tasks, 'worker', '--threads', '1'], { stdio: 'pipe' })
    await said(worker, 'the worker is ready')
    const pool = poolOf(database)
    await pool.query('CREATE TABLE orders (id integer PRIMARY KEY)')
    await pool.end()
  })

  test('what is to be run prints what it says', async () => {
    await writeFiles(project.folder, new Map([['run.ts', local(runnable(toRun))]]))
    const { stdout } = await run(process.execPath, [join(project.folder, 'run.ts')], { timeout: 60_000 })
    expect(stdout.trim().split('\n')).toEqual(toRun.flatMap(({ code }) => promised(code)))
  }, 90_000)

  test.each(commands.flatMap(({ code }) => code.trim().split('\n')))('%s', async (line) => {
    const words = line.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", '')) ?? []
    expect(words.splice(0, 2)).toEqual(['npx', 'colophon-celery'])
    const { stdout } = await run(process.execPath, [cli, ...words], { cwd: project.folder, timeout: 30_000 })
    expect(stdout).not.toBe('')
  })
})

test.each(['one-process.ts', 'greet.test.ts'])(
  '%s runs by itself',
  async (file) => {
    const expected = promised(filesOf(readme).get(file) ?? '')
    const { stdout } = await run(process.execPath, [join(project.folder, file)], { timeout: 60_000 })
    if (expected.length > 0) expect(stdout.trim().split('\n')).toEqual(expected)
  },
  90_000,
)

async function said(child: ChildProcess, words: string): Promise<void> {
  let output = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = setTimeout(() => reject(new Error(`it did not say that ${words}:\n${output}`)), 60_000)
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      output += text
      if (output.includes(words)) resolve()
    })
  }
  child.once('exit', () => reject(new Error(`it ended:\n${output}`)))
  await promise.finally(() => clearTimeout(late))
}
