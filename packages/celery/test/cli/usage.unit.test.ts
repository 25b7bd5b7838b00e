import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createCliLog } from '../../src/cli/cli-log.ts'
import { command } from './support/command.ts'

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
    expect(await command([name, '--help'])).toMatchObject({ code: 0, err: [] })
  }
  expect(text).toContain('Exit codes: 0 done, 1 failed, 2 wrong usage.')
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

test.each<[string[], string]>([
  [['sing'], "unknown command 'sing'"],
  [['queues', '--loud'], "unknown option '--loud'"],
  [['-l', 'loud', 'queues'], 'Allowed choices are debug, info, warn, error'],
  [['call'], "missing required argument 'task'"],
  [['queues'], 'Give --app FILE (a module that exports one), or --broker URL'],
  [['-A', 'nowhere.ts', 'queues'], '--app nowhere.ts: there is no such file'],
  [['-A', import.meta.filename.replace('usage.unit.test', 'support/command'), 'queues'], 'it exports no app'],
  [['-b', 'sqs://host', 'queues'], 'The broker must be a URL that begins with amqp://'],
  [['-b', 'memory:', 'worker'], 'a worker runs tasks: give --app FILE'],
  [['-b', 'memory:', 'worker', '-c', '0'], 'a whole number from 1 to 100000 was expected'],
  [['-b', 'memory:', 'call', 'add', '-a', '{}'], "a JSON list was expected, such as '[2, 3]'"],
  [['-b', 'memory:', 'call', 'add', '-k', '[]'], 'a JSON object was expected'],
  [['-b', 'memory:', 'call', 'add', '-a', '[2'], 'it is not JSON'],
  [['-b', 'memory:', 'call', 'add', '--priority', '10'], 'a whole number from 0 to 9 was expected'],
  [['-b', 'memory:', 'call', 'add', '--countdown', 'soon'], 'a number of seconds was expected'],
  [['-b', 'memory:', 'purge'], "missing required argument 'names'"],
  [['-b', 'memory:', 'beat', 'list'], '--app exports no schedules'],
  [['-b', 'memory:', 'dead-letters', 'replay'], 'which letters? Give their ids, or --all'],
  [['-b', 'memory:', 'dead-letters', 'drop', 'x', '--all'], 'which letters? Give their ids, or --all'],
  [
    ['-b', 'memory:', 'dead-letters', 'drop', 'x', '--task', 't'],
    '--task, --queue and --reason narrow --all',
  ],
  [['-b', 'memory:', 'dead-letters', 'list', '--reason', 'bored'], 'Allowed choices are retries_exhausted'],
  [
    ['-b', 'memory:', 'dead-letters', 'list', '--limit', '0'],
    '0: a whole number from 1 to 1000 was expected',
  ],
])('%j is wrong usage: %s', async (args, why) => {
  const { code, out, err } = await command(args)
  expect([code, out]).toEqual([2, []])
  expect(err.join('\n')).toContain(why)
})

test('what a module fails with is an error of its own, not of usage', async () => {
  const broken = join(import.meta.dirname, 'fixtures/broken.ts')
  expect(await command(['-A', broken, 'queues'])).toEqual({
    code: 1,
    out: [],
    err: ['colophon-celery: the module cannot start'],
  })
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

test('the broker may be given by the environment', async () => {
  expect(await command(['queues', 'none'], { CELERY_BROKER_URL: 'memory:' })).toMatchObject({
    code: 0,
    out: [expect.any(String), 'none   no such queue  -'],
  })
  expect(await command(['result', 'none'], { CELERY_BROKER_URL: 'memory:' })).toMatchObject({
    code: 1,
    err: [expect.stringContaining('The app keeps no results')],
  })
})
