import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startPatiently } from '../../src/cli/start-patiently.ts'
import { CeleryError } from '../../src/errors.ts'
import { type Log, noLog } from '../../src/log.ts'
import { appFolder } from './support/app-folder.ts'
import { begin, soon } from './support/command.ts'

const { writeApp } = appFolder()
const away = new CeleryError('BROKER_UNAVAILABLE', 'No connection: connect ECONNREFUSED')

/** A start that fails with these, one after the other, and what is waited for between. */
function starting(errors: readonly Error[], patience = Infinity) {
  const failures = [...errors]
  const stopping = new AbortController()
  const pauses: number[] = []
  const lines: object[] = []
  const log: Log = { ...noLog, warn: (fields, message) => lines.push({ ...fields, message }) }
  const start = async () => {
    const failure = failures.shift()
    if (failure) throw failure
  }
  const wait = async (seconds: number) => pauses.push(seconds) < patience
  return { pauses, lines, started: startPatiently(start, { log, stopping: stopping.signal, wait }) }
}

test('a start is tried again with growing pauses, each told of, for as long as nobody answers', async () => {
  const { pauses, lines, started } = starting(Array(18).fill(away))
  await started
  expect(pauses).toEqual([...Array.from({ length: 16 }, (_, index) => 2 * (index + 1)), 32, 32])
  const message = 'a server cannot be reached: the start is tried again'
  expect(lines.length).toBe(18)
  expect(lines[0]).toEqual({ reason: away.message, seconds: 2, retry: '1/100', message })
})

test('after a hundred tries it is given up', async () => {
  const { pauses, started } = starting(Array(200).fill(away))
  await expect(started).rejects.toBe(away)
  expect(pauses.length).toBe(100)
})

test('told to stop, it tries no more', async () => {
  const { pauses, started } = starting([away, away, away], 2)
  await started
  expect(pauses).toEqual([2, 4])
})

const loginRefused = { cause: new Error('Handshake terminated by server: 403 (ACCESS-REFUSED)') }
test.each([
  ['a refused login', new CeleryError('BROKER_UNAVAILABLE', 'No connection', loginRefused)],
  ['what PostgreSQL refuses', new CeleryError('UNSUPPORTED', 'PostgreSQL refused it')],
  ['a certificate', new CeleryError('BROKER_UNAVAILABLE', 'No connection: self-signed certificate')],
  [
    'a server without TLS',
    new CeleryError('BROKER_UNAVAILABLE', 'The server does not support SSL connections'),
  ],
  ['a library', new CeleryError('SCHEDULES_UNAVAILABLE', "Cannot find package 'pg' imported from here")],
  ['an option', new CeleryError('BAD_OPTION', 'none')],
  ['a mistake', new TypeError('x is not a function')],
])('%s is not tried again', async (_, error) => {
  const { pauses, started } = starting([error])
  await expect(started).rejects.toBe(error)
  expect(pauses).toEqual([])
})

const nowhere = '127.0.0.1:1'
test.each([
  ['worker', `broker: 'amqp://${nowhere}'`, 'memory:'],
  ['worker', `broker: 'redis://${nowhere}'`, 'memory:'],
  ['worker', `broker: 'postgres://user@${nowhere}/db'`, 'memory:'],
  ['worker', `broker: 'memory:', results: 'redis://${nowhere}'`, 'memory:'],
  ['worker', `broker: 'memory:', results: 'postgres://user@${nowhere}/db'`, 'memory:'],
  ['beat', `broker: 'redis://${nowhere}'`, 'memory:'],
  ['beat', "broker: 'memory:'", `redis://${nowhere}`],
  ['beat', "broker: 'memory:'", `postgres://user@${nowhere}/db`],
])('%s waits for its server (%s, schedules in %s), and stops at once', async (name, options, store) => {
  const text = `export const app = createCelery({ ${options} })
    export const beat = createBeat(app, { store: '${store}', entries: {} })`
  const file = writeApp(`${name}${expect.getState().currentTestName?.replaceAll(/\W/g, '')}.ts`, text)
  const running = begin(['-A', file, name])
  await soon(() => expect(running.err.join()).toMatch(/tried again reason=.* seconds=2 retry=1\/100/))
  running.signal('SIGTERM')
  expect(await running.code).toBe(0)
  expect(running.err.filter((line) => line.includes('tried again')).length).toBe(1)
})

test('a worker whose broker comes later starts then, and tells that memory: is this process alone', async () => {
  const from = (module: string) => JSON.stringify(join(import.meta.dirname, '../../src', module))
  const file = writeApp(
    'later.ts',
    `import { createMemoryBroker } from ${from('brokers/memory/index.ts')}
     import { CeleryError } from ${from('errors.ts')}
     const broker = createMemoryBroker()
     const open = broker.open.bind(broker)
     let tries = 0
     broker.open = async () => {
       if (tries++ === 0) throw new CeleryError('BROKER_UNAVAILABLE', 'not yet')
       await open()
     }
     export const app = createCelery({ broker })`,
  )
  const running = begin(['-A', file, 'worker'])
  await soon(() => expect(running.err.join()).toContain('the worker is ready'))
  await soon(() => expect(running.err.join()).toContain('memory: is within this process'))
  running.signal('SIGTERM')
  expect(await running.code).toBe(0)
})

test('a beat that is stopped says so, as a worker does', async () => {
  const file = writeApp(
    'stopped.ts',
    `export const app = createCelery({ broker: 'memory:' })
     export const beat = createBeat(app, { store: 'memory:', entries: {} })`,
  )
  const running = begin(['-A', file, 'beat'])
  await soon(() => expect(running.err.join()).toContain('beat: started'))
  running.signal('SIGTERM')
  expect(await running.code).toBe(0)
  expect(running.err.slice(-2).map((line) => line.slice(25))).toEqual([
    expect.stringMatching(/^INFO +beat: stops$/),
    expect.stringMatching(/^INFO +beat: has stopped$/),
  ])
})
