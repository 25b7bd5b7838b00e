import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { createCliLog } from '../../src/cli/cli-log.ts'
import { appFolder } from './support/app-folder.ts'
import { appFile, command } from './support/command.ts'

const launcher = join(import.meta.dirname, '../../bin/colophon-celery.js')

const { file, writeApp } = appFolder()

/** What the command ends with as a program: the test's own loader reads modules in a way of its own. */
async function failed(...args: string[]): Promise<{ code: number; stderr: string }> {
  const ended = promisify(execFile)(process.execPath, [launcher, ...args])
  return (await ended.catch((caught: unknown) => caught)) as { code: number; stderr: string }
}

test('--help says what there is, for each command too', async () => {
  const { code, out, err } = await command(['--help'])
  expect([code, err]).toEqual([0, []])
  const text = out.join('\n')
  const names = [
    'worker',
    'beat',
    'call',
    'result',
    'queues',
    'purge',
    'dead-letters',
    'inspect',
    'control',
    'events',
  ]
  for (const name of names) {
    expect(text).toMatch(new RegExp(`^  ${name} `, 'm'))
    const help = await command([name, '--help'])
    expect(help).toMatchObject({ code: 0, err: [] })
    expect(help.out.join('\n')).toMatch(/--result-backend <url> .*\nExit codes: 0 done, 1 failed/s)
  }
  expect((await command(['inspect', '--help'])).out.join('\n')).toContain('  active_queues')
  expect((await command(['control', '--help'])).out.join('\n')).toMatch(/ {2}rate_limit +<task_name> /)
})

test('--version', async () => {
  expect(await command(['--version'])).toEqual({
    code: 0,
    out: [expect.stringMatching(/^\d+\.\d+\.\d+/)],
    err: [],
  })
})

test('the command says which Node it needs', async () => {
  const run = promisify(execFile)
  const old = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.20.2' })"
  const failed = run(process.execPath, ['--import', old, launcher, '--version'])
  const stderr = 'colophon-celery: needs Node >=22.18, and this is 20.20.2\n'
  await expect(failed).rejects.toMatchObject({ code: 1, stdout: '', stderr })
  expect((await run(process.execPath, [launcher, '--version'])).stdout).toMatch(/^\d+\.\d+\.\d+/)
})

test('a command whose output nobody reads any more ends quietly, as if by SIGPIPE', async () => {
  const piped = '{ "$0" "$1" --help; echo "$?" >&2; } | true'
  const { stderr } = await promisify(execFile)('sh', ['-c', piped, process.execPath, launcher])
  expect(stderr).toBe('141\n')
})

test.each<[string[], string]>([
  [['sing'], "unknown command 'sing'"],
  [['queues', '--loud'], "unknown option '--loud'"],
  [['-l', 'loud', 'queues'], 'Allowed choices are debug, info, warn, error'],
  [['-l', 'constructor', 'queues'], 'Allowed choices are debug, info, warn, error'],
  [['call'], "missing required argument 'task'"],
  [['queues'], 'Give --app FILE (a module that exports one), or --broker URL (or CELERY_BROKER_URL)'],
  [['-A', 'nowhere.ts', 'queues'], '--app nowhere.ts: there is no such file'],
  [['-A', appFile.replace(/\.ts$/, ''), 'queues'], `there is no such file: did you mean ${appFile}?`],
  [['-A', appFile.replace(/\.ts$/, ':app'), 'queues'], `there is no such file: did you mean ${appFile}?`],
  [['-A', appFile.replace(/\.ts$/, '.js'), 'queues'], `there is no such file: did you mean ${appFile}?`],
  [
    ['-A', 'packages.celery.test.cli.fixtures.app', 'queues'],
    'did you mean packages/celery/test/cli/fixtures/app.ts?',
  ],
  [['-A', 'vitest.config.app', 'queues'], 'there is no such file'],
  [['-A', import.meta.dirname, 'queues'], 'it is no file; name the module that exports the app'],
  [['-A', appFile, '-b', 'memory:', 'queues'], '--app has a broker and results of its own'],
  [['-A', appFile, 'beat', 'list'], '--app exports no schedules'],
  [['-b', 'memory:', 'result', 'x'], 'Give --result-backend URL (or CELERY_RESULT_BACKEND)'],
  [['-b', 'memory:', 'inspect', 'dance'], 'inspect has no command dance: see colophon-celery inspect --help'],
  [['-b', 'memory:', 'inspect', 'revoke'], 'inspect has no command revoke: it is one of control'],
  [['-b', 'memory:', 'control', 'constructor'], 'control has no command constructor'],
  [
    ['-b', 'memory:', 'control', 'rate_limit', 'add'],
    'rate_limit: <rate_limit (e.g., 5/s | 5/m | 5/h)> must be given too',
  ],
  [['-b', 'memory:', 'inspect', 'ping', 'me'], 'ping: me is one argument too many'],
  [
    ['-b', 'memory:', 'dead-letters', 'list', '--after', 'x'],
    'after of a query of dead letters must be the `next` of the page before',
  ],
  [['-A', import.meta.filename.replace('usage.unit.test', 'support/command'), 'queues'], 'it exports no app'],
  [
    ['-A', join(import.meta.dirname, '../worker/fixtures/two-apps.ts'), 'queues'],
    'two-apps.ts: it exports more than one app',
  ],
  [['-b', 'sqs://host', 'queues'], 'The broker must be a URL that begins with amqp://'],
  [['-b', 'memory:', 'worker', '-Q', ''], "'-Q, --queues <names>' argument '' is invalid. Names with commas"],
  [['-b', 'memory:', 'worker', '-Q', 'a,,b'], "'-Q, --queues <names>' argument 'a,,b' is invalid."],
  [
    ['-b', 'memory:', 'inspect', 'ping', '-t', '0'],
    "'-t, --timeout <seconds>' argument '0' is invalid. A number of seconds above 0 was expected.",
  ],
  [['-b', 'memory:', 'inspect', 'ping', '-d', 'a,'], "argument 'a,' is invalid. Names with commas"],
  [['-A', appFile, 'beat', 'sttart'], 'beat has no command sttart: did you mean start?'],
  [['-A', appFile, 'beat', 'sing'], 'beat has no command sing: see colophon-celery beat --help'],
  [['-b', 'memory:', 'inspect', 'pong'], 'inspect has no command pong: did you mean ping?'],
  [['-b', 'memory:', 'control', 'revoke'], 'revoke: the id of a task must be given too'],
  [['-b', 'memory:', 'control', 'terminate', 'SIGTERM'], 'terminate: the id of a task must be given too'],
  [['-b', 'memory:', 'control', 'terminate'], '<signal> the id of a task must be given too'],
  [['-b', 'memory:', 'control', 'revoke_by_stamped_headers'], 'key=value must be given too'],
  [['-b', 'memory:', 'worker'], 'a worker runs tasks: give --app FILE'],
  [
    ['-b', 'memory:', 'worker', '-c', '0'],
    "'-c, --concurrency <number>' argument '0' is invalid. A whole number from 1 to 100000 was expected.",
  ],
  [
    ['-b', 'memory:', 'call', 'add', '-a', '{}'],
    "'-a, --args <json>' argument '{}' is invalid. A JSON list was expected, such as '[2, 3]'.",
  ],
  [['-b', 'memory:', 'call', 'add', '-k', '[]'], 'A JSON object was expected'],
  [['-b', 'memory:', 'call', 'add', '-a', '[2'], 'It is not JSON: in a shell it goes between single quotes.'],
  [['-b', 'memory:', 'call', 'add', '--priority', '256'], 'A whole number from 0 to 255 was expected'],
  [['-b', 'memory:', 'call', 'add', '--countdown', 'soon'], 'A number of seconds was expected'],
  [['-b', 'memory:', 'purge'], "missing required argument 'names'"],
  [['-b', 'memory:', 'beat', 'list'], 'schedules are those of an app: give --app FILE'],
  [['-b', 'memory:', 'dead-letters', 'replay'], 'which letters? Give their ids, or --all'],
  [['-b', 'memory:', 'dead-letters', 'drop', 'x', '--all'], 'ids and --all exclude each other'],
  [
    ['-b', 'memory:', 'dead-letters', 'drop', 'x', '--task', 't'],
    '--task, --queue and --reason narrow --all',
  ],
  [['-b', 'memory:', 'dead-letters', 'list', '--reason', 'bored'], 'Allowed choices are retries_exhausted'],
  [['-b', 'memory:', 'dead-letters', 'list', '--limit', '0'], 'A whole number from 1 to 1000 was expected'],
])('%j is wrong usage: %s', async (args, why) => {
  const { code, out, err } = await command(args)
  expect([code, out]).toEqual([2, []])
  expect(err.join('\n')).toContain(why)
})

describe("what the app's file fails with is an error of its own, not of usage, with file and place:", () => {
  const libraries = {
    'package.json': '{"type":"module"}',
    'client.py': 'app = None',
    'enum-lib.ts': '\nexport enum Kind { a }',
    'type-lib.ts': '\nconst nothing: any = undefined\nnothing.it()',
    'cut-lib.js': 'export const a = 1\nexport const b = ]\n',
  }
  beforeAll(() => {
    for (const [name, text] of Object.entries(libraries)) writeFileSync(file(name), text)
  })

  test.each<[string, string, string, RegExp]>([
    [
      'syntax.ts',
      'const a = 1\nexport const b = ]',
      'Expression expected',
      /syntax\.ts:2\n.*export const b = \]/s,
    ],
    ['cut.js', "import './cut-lib.js'", "Unexpected token ']'", /cut-lib\.js:2\n.*export const b = \]/],
    [
      'enum.ts',
      "import './enum-lib.ts'",
      'TypeScript enum is not supported in strip-only mode',
      /enum-lib\.ts:2\n+export enum Kind/,
    ],
    ['type.ts', "import './type-lib.ts'", 'Cannot read properties of undefined', /at .*type-lib\.ts:3:9/],
    ['plain.ts', 'throw { why: 1 }', '{ why: 1 }', /why/],
  ])('%s', async (name, text, why, place) => {
    writeFileSync(file(name), text)
    const path = file(name)
    const { code, stderr } = await failed('-A', path, 'queues')
    expect(code).toBe(1)
    expect(stderr.startsWith(`colophon-celery: --app ${path} cannot be loaded: ${why}`)).toBe(true)
    expect(stderr).toMatch(place)
    expect(stderr).not.toContain('throw error')
  })

  test.each(['client.py', 'package.json'])('%s is wrong usage', async (name) => {
    const path = file(name)
    const stderr = `colophon-celery: --app ${path}: it is no module of TypeScript or JavaScript\n`
    expect(await failed('-A', path, 'queues')).toMatchObject({ code: 2, stderr })
  })

  test('an option that makes no sense is wrong usage still', async () => {
    const path = writeApp('option.ts', "createCelery({ broker: 'memory:', speed: 9 })")
    const { code, err } = await command(['-A', path, 'queues'])
    expect([code, err.join()]).toEqual([
      2,
      expect.stringMatching(/The option speed of createCelery is not known.*option\.ts:3:/s),
    ])
  })
})

test("arguments of beat's entry that cannot be sent are wrong usage, as all else of an entry", async () => {
  const path = writeApp(
    'unsendable.ts',
    `import { interval } from ${JSON.stringify(join(import.meta.dirname, '../../src/index.ts'))}
     export const app = createCelery({ broker: 'memory:' })
     const tick = { task: 't', schedule: interval(9), args: [() => 1] }
     export const beat = createBeat(app, { store: 'memory:', entries: { tick } })`,
  )
  const { code, err } = await command(['-A', path, 'beat', 'list'])
  expect([code, err.join()]).toEqual([2, expect.stringContaining('Entry "tick": ')])
})

test.each(['INFO', 'Warning', 'CRITICAL'])("a level by Celery's name: %s", async (level) => {
  expect((await command(['-b', 'memory:', '-l', level, 'queues'])).code).toBe(0)
})

test('beat list shows when an entry was last sent, by hand too', async () => {
  const path = writeApp(
    'sent-by-hand.ts',
    `export const app = createCelery({ broker: 'memory:' })
     const entry = { name: 'tick', task: 't', schedule: 'every 60 s', lastSent: new Date(0), since: new Date(0) }
     const read = () => Promise.resolve({ now: new Date(1), entries: [entry] })
     const store = { open: () => Promise.resolve(), register: () => Promise.resolve(), read }
     export const beat = createBeat(app, { store, entries: {} })`,
  )
  const { code, out } = await command(['-A', path, 'beat', 'list'])
  expect([code, out[1]]).toEqual([0, 'tick   1970-01-01T00:00:00.000Z  -     every 60 s'])
})

test("beat's entry must be there", async () => {
  const path = writeApp(
    'no-entry.ts',
    `export const app = createCelery({ broker: 'memory:' })
     export const beat = createBeat(app, { store: 'memory:', entries: {} })`,
  )
  const { code, out, err } = await command(['-A', path, 'beat', 'pause', 'nope'])
  expect([code, out, err]).toEqual([1, [], [expect.stringContaining('there is no entry nope')]])
})

test.each([false, true])('a log event is one line that no terminal acts on, as JSON %s', (json) => {
  const lines: string[] = []
  const log = createCliLog((line) => lines.push(line), { level: 'info', json })
  const task = 'a\n\x1b[2J\u009b\x7f\u2028b'
  log.error({ task, err: new Error(task), list: [task] }, `failed: ${task}`)
  const [line = '', ...more] = lines
  expect([more, line.match(/[\p{Cc}\u2028]/gu)]).toEqual([[], null])
  if (json) expect(JSON.parse(line)).toMatchObject({ task, message: `failed: ${task}`, list: [task] })
  else expect(line).toContain(' failed: a\\n\\u001b[2J\\u009b\\u007f\\u2028b task=a\\n')
})

test('no field of a task takes the place of what a line says itself', () => {
  const lines: string[] = []
  const log = createCliLog((line) => lines.push(line), { level: 'info', json: true })
  log.warn({ time: 5, level: 'none', message: 'its own', id: 'a' }, 'said')
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  expect(line).toMatchObject({ level: 'warn', message: 'said', id: 'a' })
  expect(line).toMatchObject({ time_: 5, level_: 'none', message_: 'its own' })
  expect(new Date(String(line.time)).getTime()).toBeGreaterThan(Date.now() - 60_000)
})

test('the broker may be given by the environment', async () => {
  expect(await command(['queues'], { CELERY_BROKER_URL: 'memory:by-environment' })).toMatchObject({
    code: 0,
    out: [expect.any(String), 'celery  no such queue  -'],
  })
})

test('a result that could not be waited for is not asked for: the task is not sent', async () => {
  const url = 'memory:not-sent'
  const { code, out, err } = await command(['-b', url, 'call', 'add', '--wait'])
  expect([code, out, err]).toEqual([2, [], [expect.stringContaining('Give --result-backend URL')]])
  expect((await command(['-b', url, 'queues', 'celery'])).out[1]).toMatch(/no such queue/)
})
