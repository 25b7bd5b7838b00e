import { hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { showReplies } from '../../src/cli/commands/remote-control.ts'
import { createCelery } from '../../src/create-celery.ts'
import { createWorker } from '../../src/create-worker.ts'
import { url } from './fixtures/app.ts'
import { appFile, begin, onUrl, type Running, soon } from './support/command.ts'

const node = `tester@${hostname()}`
let worker: Running

beforeAll(async () => {
  worker = begin(['-A', appFile, 'worker', '-n', 'tester@%h', '-c', '2'])
  await soon(() => expect(worker.err.join('\n')).toContain('ready'))
})
afterAll(async () => {
  worker.signal('SIGQUIT')
  expect(await worker.code).toBe(0)
})

/** The one JSON document that was written. */
function json({ out }: { out: string[] }): unknown {
  expect(out).toHaveLength(1)
  return JSON.parse(out[0] ?? '')
}

describe('call', () => {
  test('with --wait prints the result', async () => {
    expect(await onUrl('call', 'add', '-a', '[2, 3]', '--wait')).toEqual({ code: 0, out: ['5'], err: [] })
    expect(await onUrl('call', 'add', '-k', '{"x": 2, "y": 4}', '--wait', '5')).toMatchObject({ out: ['6'] })
  })

  test('prints the id, of which result knows all that is kept', async () => {
    const { out, code } = await onUrl('call', 'add', '-a', '[1, 1]', '--priority', '3')
    expect([code, out]).toEqual([0, [expect.stringMatching(/^[0-9a-f-]{36}$/)]])
    const id = out[0] ?? ''
    await soon(async () => {
      expect(json(await onUrl('result', id))).toMatchObject({ task_id: id, status: 'SUCCESS', result: 2 })
    })
    expect(json(await onUrl('result', 'nobody'))).toEqual({ task_id: 'nobody', status: 'PENDING' })
  })

  test('takes and prints integers beyond 2^53 just as they are', async () => {
    const called = await onUrl('call', 'big', '-a', '[18446744073709551616]', '--wait')
    expect(called).toEqual({ code: 0, out: ['{"twice":36893488147419103232}'], err: [] })
  })

  test('of a task that fails ends with 1 and says why', async () => {
    const { code, out, err } = await onUrl('call', 'fail', '--wait')
    expect([code, out]).toEqual([1, []])
    expect(err.at(-1)).toContain('the task failed: ValueError: deliberate')
  })

  test('of a task that nobody knows ends with 1 and a line that is not empty', async () => {
    const { code, err } = await onUrl('call', 'nosuch', '--wait', '5')
    expect(code).toBe(1)
    expect(err.at(-1)).toMatch(/the task failed: NotRegistered: .*\S$/s)
  })

  test('of what is not done in time ends with 1', async () => {
    const { code, err } = await onUrl('call', 'wait', '--wait', '0.05')
    expect([code, err]).toEqual([1, [expect.stringContaining('was not done within 0.05 s')]])
  })
})

describe('inspect and control', () => {
  test('ask the worker and tell it', async () => {
    const ping = await onUrl('inspect', 'ping', '-d', node, '-t', '10')
    expect(ping).toEqual({
      code: 0,
      out: [expect.stringMatching(/^-> tester@\S+: \{\n {2}"ok": "pong"\n\}$/)],
      err: [],
    })
    expect(json(await onUrl('inspect', 'ping', '-j'))).toEqual({ [node]: { ok: 'pong' } })
    const ask = async (...args: string[]) => {
      return (json(await onUrl(...args, '-d', node, '-t', '10', '-j')) as Record<string, unknown>)[node]
    }
    expect(await ask('inspect', 'registered')).toEqual(['add', 'big', 'fail', 'hold', 'wait'])
    expect(await ask('control', 'rate_limit', 'add', '100/s')).toEqual({
      ok: 'new rate limit set successfully',
    })
    expect(await ask('inspect', 'registered', 'rate_limit')).toContain('add [rate_limit=100/s]')
    expect(await ask('control', 'pool_grow', '2')).toMatchObject({ ok: expect.any(String) })
    const { out } = await onUrl('call', 'wait')
    const active = () => ask('inspect', 'active') as Promise<{ id: string }[]>
    await soon(async () => expect((await active()).map(({ id }) => id)).toContain(out[0]))
    expect(await ask('control', 'terminate', 'SIGTERM', out[0] ?? '')).toEqual({
      ok: `terminate: ${out[0]}`,
    })
    await soon(async () =>
      expect(json(await onUrl('result', out[0] ?? ''))).toMatchObject({ status: 'REVOKED' }),
    )
  })

  test('show integers beyond 2^53 that a worker answers', async () => {
    const big = await onUrl('call', 'big', '-k', '{"n": 36893488147419103232}', '--countdown', '600')
    await soon(async () => {
      const scheduled = await onUrl('inspect', 'query_task', big.out[0] ?? '', '-d', node, '-j', '-t', '10')
      expect(scheduled.out[0]).toContain('"n":36893488147419103232')
    })
    const readable = await onUrl('inspect', 'query_task', big.out[0] ?? '', '-d', node, '-t', '10')
    expect(readable.out[0]).toContain('"n": "36893488147419103232"')
  })

  test('end with 1 when every worker refuses, not when one has done it', async () => {
    const asked = await onUrl('control', 'rate_limit', 'nope', '10/m', '-d', node, '-t', '10')
    expect([asked.code, asked.out.join(), asked.err]).toEqual([
      1,
      expect.stringContaining('"error"'),
      ['colophon-celery: every worker that answered refused'],
    ])
    const out: string[] = []
    const io = { out: (line: string) => out.push(line) }
    showReplies(io, { 'a@h': { error: 'unknown task' }, 'b@h': { ok: 'done' } }, true)
    expect(out).toHaveLength(1)
  })

  test('end with 1 when nobody answers', async () => {
    const asked = await onUrl('inspect', 'ping', '-d', 'nobody@nowhere', '-t', '0.05')
    expect(asked).toMatchObject({ code: 1, out: [], err: [expect.stringContaining('no worker answered')] })
  })

  test.each([
    ['inspect', 'constructor'],
    ['inspect', 'sing'],
    ['inspect', 'pool_grow'],
    ['control', 'ping'],
    ['control', 'toString'],
  ])('%s %s is wrong usage', async (kind, name) => {
    const { code, out, err } = await onUrl(kind, name)
    expect([code, out]).toEqual([2, []])
    expect(err.join('\n')).toContain(`${kind} has no command ${name}: `)
  })

  test.each([
    [['inspect', 'ping', 'now'], 'one argument too many'],
    [['control', 'pool_grow', 'many'], 'n must be a number'],
    [['control', 'revoke_by_stamped_headers', 'x'], 'key=value was expected'],
    [['inspect', 'ping', '-t', 'soon'], 'A number of seconds was expected'],
  ])('%j is wrong usage', async (args, why) => {
    const { code, err } = await onUrl(...args)
    expect([code, err]).toEqual([2, [expect.stringContaining(why)]])
  })
})

describe('events', () => {
  test('are written as they happen, those of tasks too, until it is stopped', async () => {
    const watching = begin(['-b', url, 'events', '--only', 'task.#'])
    await soon(async () => {
      await onUrl('call', 'big', '-a', '[18446744073709551616]', '--wait')
      expect(watching.out.join('\n')).toContain('"type":"task-succeeded"')
    })
    watching.signal('SIGINT')
    expect(await watching.code).toBe(0)
    for (const line of watching.out)
      expect(JSON.parse(line)).toMatchObject({ type: expect.stringMatching(/^task-/) })
  })

  test('are those of workers that start later too', async () => {
    const isSent = (name: string) => watching.out.some((line) => JSON.parse(line).hostname === name)
    const watching = begin(['-b', url, 'events', '--only', 'task.#'])
    await soon(async () => {
      await onUrl('call', 'add', '-a', '[1, 1]')
      expect(isSent(node)).toBe(true)
    })
    const app = createCelery({ broker: url, results: url })
    app.task({ name: 'later', run: () => 'late' })
    const later = createWorker(app, { hostname: 'later@host', queues: ['later'] })
    await later.start()
    await soon(async () => {
      await onUrl('call', 'later', '--queue', 'later')
      expect(isSent('later@host')).toBe(true)
    })
    watching.signal('SIGTERM')
    expect(await watching.code).toBe(0)
    await later.stop()
    await app.close()
  }, 20_000)
})
