import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { DeadLetter } from '../../src/brokers/dead-letter-store.ts'
import { MemoryDeadLetters } from '../../src/brokers/memory/dead-letters.ts'
import { openBroker } from '../../src/brokers/open.ts'
import { url } from './fixtures/app.ts'
import { onUrl } from './support/command.ts'

function letterOf(id: string, changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id,
    reason: 'retries_exhausted',
    taskId: `task-${id}`,
    task: 'add',
    queue: 'celery',
    exchange: '',
    routingKey: 'celery',
    diedAt: '2026-03-01T00:00:00.000Z',
    worker: 'w@host',
    error: { type: 'ValueError', message: 'deliberate\nand more', traceback: 'Traceback' },
    history: [{ at: '2026-02-28T00:00:00.000Z', event: 'retry', detail: 'ValueError' }],
    message: {
      headers: { lang: 'py', task: 'add', id: `task-${id}`, root_id: `task-${id}`, shard: 2n ** 64n },
      properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
      body: Buffer.from('[[1, 2], {}, null]'),
    },
    ...changes,
  }
}

/** The letters a and b of the queue celery, and of the queue feeds c, which was never a task. */
beforeEach(async () => {
  const broker = await openBroker(url)
  await broker.open()
  for (const name of ['celery', 'feeds']) {
    await broker.declare({ name })
    await broker.purge(name)
  }
  const { letters } = await broker.deadLetters.list()
  await broker.deadLetters.remove(letters.map(({ id }) => id))
  await broker.deadLetters.add(letterOf('a'))
  await broker.deadLetters.add(letterOf('b', { task: 'other' }))
  const properties = { contentType: 'text/plain', contentEncoding: 'binary' }
  const message = { headers: {}, properties, body: Buffer.of(0xff, 0) }
  const nothing = { taskId: undefined, task: undefined, reason: 'undecodable', queue: 'feeds' } as const
  await broker.deadLetters.add(letterOf('c', { ...nothing, message }))
  await broker.close()
})

async function left(): Promise<string[]> {
  const { out } = await onUrl('dead-letters', 'list', '--json')
  return out.map((line) => (JSON.parse(line) as DeadLetter).id)
}

describe('list', () => {
  test('shows the oldest first, a line each', async () => {
    const { code, out, err } = await onUrl('dead-letters', 'list')
    expect([code, err]).toEqual([0, []])
    expect(out[0]).toMatch(/^ID +DIED +QUEUE +TASK +REASON +ERROR$/)
    expect(out.slice(1).map((line) => line.split(/ {2,}/))).toEqual([
      ['a', '2026-03-01T00:00:00.000Z', 'celery', 'add', 'retries_exhausted', 'ValueError: deliberate'],
      ['b', '2026-03-01T00:00:00.000Z', 'celery', 'other', 'retries_exhausted', 'ValueError: deliberate'],
      ['c', '2026-03-01T00:00:00.000Z', 'feeds', '?', 'undecodable', 'ValueError: deliberate'],
    ])
  })

  test('shows on one line, and to no terminal, what a message holds', async () => {
    const broker = await openBroker(url)
    await broker.open()
    const error = { type: 'E\r', message: '\u009b31m red\u202e', traceback: undefined }
    await broker.deadLetters.add(letterOf('e', { task: 'a\x1b]0;title\x07\nb', error }))
    await broker.close()
    const { out } = await onUrl('dead-letters', 'list')
    expect(out.filter((line) => line.startsWith('e '))).toEqual([
      expect.stringMatching(/ a\\u001b\]0;title\\u0007\\nb .* E\\r: \\u009b31m red\\u202e$/),
    ])
    const shown = (await onUrl('dead-letters', 'show', 'e')).out.join('\n')
    expect(shown).not.toMatch(/(?!\n)\p{Cc}|\u202e/u)
    expect(JSON.parse(shown)).toMatchObject({
      task: 'a\x1b]0;title\x07\nb',
      error: { type: error.type, message: error.message },
    })
  })

  test('shows those of a task, a queue or a reason, and pages', async () => {
    const ids = async (...args: string[]) => (await onUrl('dead-letters', 'list', ...args)).out.slice(1)
    expect(await ids('--task', 'other')).toEqual([expect.stringMatching(/^b /)])
    expect(await ids('--queue', 'feeds')).toEqual([expect.stringMatching(/^c /)])
    expect(await ids('--reason', 'undecodable')).toEqual([expect.stringMatching(/^c /)])
    expect(await ids('--reason', 'retries_exhausted', '--task', 'other')).toEqual([
      expect.stringMatching(/^b /),
    ])
    expect((await onUrl('dead-letters', 'list', '--task', 'none')).out).toEqual(['no dead letters'])

    const first = await onUrl('dead-letters', 'list', '--limit', '2', '--json')
    expect(first.out).toHaveLength(2)
    const [, cursor = ''] = /^more: --after (\S+)$/.exec(first.err[0] ?? '') ?? []
    const rest = await onUrl('dead-letters', 'list', '--limit', '2', '--after', cursor, '--json')
    expect(rest.err).toEqual([])
    expect(rest.out.map((line) => JSON.parse(line))).toMatchObject([
      { id: 'c', message: { body: { base64: '/wA=' } } },
    ])
  })
})

describe('show', () => {
  test('prints all of a letter', async () => {
    const { code, out } = await onUrl('dead-letters', 'show', 'a')
    expect(code).toBe(0)
    expect(JSON.parse(out.join('\n'))).toMatchObject({
      id: 'a',
      error: { traceback: 'Traceback' },
      history: [{ event: 'retry' }],
      message: { headers: { shard: '18446744073709551616' }, body: '[[1, 2], {}, null]' },
    })
  })

  test('of one that is not there ends with 1', async () => {
    expect(await onUrl('dead-letters', 'show', 'x')).toEqual({
      code: 1,
      out: [],
      err: ['colophon-celery: there is no dead letter x'],
    })
  })
})

describe('replay', () => {
  test('sends those named, and says which are not there', async () => {
    const { code, out, err } = await onUrl('dead-letters', 'replay', 'a', 'x', 'c')
    expect(code).toBe(1)
    expect(out).toEqual([
      expect.stringMatching(/^a is task [0-9a-f-]{36} now$/),
      'c is task (without an id) now',
    ])
    expect(err).toEqual(['colophon-celery: there is no dead letter x'])
    expect(await left()).toEqual(['b'])
    expect((await onUrl('queues', 'celery', 'feeds')).out.slice(1)).toEqual([
      'celery  1        0',
      'feeds   1        0',
    ])
  })

  test('sends all, or those of a queue and task', async () => {
    const some = await onUrl('dead-letters', 'replay', '--all', '--queue', 'celery', '--task', 'other')
    expect(some).toMatchObject({ code: 0, out: [expect.stringMatching(/^b is task /)] })
    expect(await left()).toEqual(['a', 'c'])
    expect((await onUrl('dead-letters', 'replay', '--all')).out).toHaveLength(2)
    expect(await onUrl('dead-letters', 'replay', '--all')).toEqual({ code: 0, out: ['0 replayed'], err: [] })
  })

  test.each([[['a', 'b']], [['--all', '--queue', 'celery']]])(
    'of %j says how many another has replayed as well',
    async (chosen) => {
      const { remove } = MemoryDeadLetters.prototype
      const removing = vi.spyOn(MemoryDeadLetters.prototype, 'remove')
      removing.mockImplementationOnce(async function (this: MemoryDeadLetters, ids) {
        await remove.call(this, ['a'])
        return remove.call(this, ids)
      })
      const { code, out, err } = await onUrl('dead-letters', 'replay', ...chosen)
      removing.mockRestore()
      expect([code, out.length]).toEqual([0, 2])
      expect(err).toEqual(['1 replayed by another as well, under the same id, or dropped by it'])
    },
  )

  test('says which could not be sent, and leaves it', async () => {
    const broker = await openBroker(url)
    await broker.open()
    await broker.deadLetters.add(letterOf('d', { queue: 'gone' }))
    await broker.close()
    const { code, out, err } = await onUrl('dead-letters', 'replay', '--all')
    expect([code, out.length]).toEqual([1, 3])
    expect(err).toEqual([
      expect.stringMatching(
        /that could not be sent, and are left: 1\n {2}d of queue gone: There is no queue gone/,
      ),
    ])
    expect(await left()).toEqual(['d'])
  })

  test('sends those named behind one that cannot be sent', async () => {
    const broker = await openBroker(url)
    await broker.open()
    await broker.deadLetters.add(letterOf('d', { queue: 'gone' }))
    await broker.close()
    const { code, out, err } = await onUrl('dead-letters', 'replay', 'd', 'x', 'a')
    expect([code, out]).toEqual([1, [expect.stringMatching(/^a is task /)]])
    expect(err).toEqual([
      expect.stringMatching(/there is no dead letter x\n.*and are left: 1\n {2}d: There is no queue gone/),
    ])
    expect(await left()).toEqual(['b', 'c', 'd'])
  })
})

test.each([['replay'], ['drop']])('%s takes ids or --all', async (command) => {
  const said = async (...args: string[]) => (await onUrl('dead-letters', command, ...args)).err
  expect(await said('a', '--all')).toEqual(['colophon-celery: ids and --all exclude each other'])
  expect(await said()).toEqual(['colophon-celery: which letters? Give their ids, or --all'])
  expect(await left()).toEqual(['a', 'b', 'c'])
})

describe('drop', () => {
  test('forgets those named, and says how many were not there', async () => {
    expect(await onUrl('dead-letters', 'drop', 'a', 'x')).toEqual({
      code: 1,
      out: ['1 dropped'],
      err: ['colophon-celery: 1 of 2 were not there'],
    })
    expect(await left()).toEqual(['b', 'c'])
  })

  test('forgets all, or those of a queue or a reason', async () => {
    expect(await onUrl('dead-letters', 'drop', '--all', '--reason', 'too_large')).toMatchObject({
      out: ['0 dropped'],
    })
    expect(await onUrl('dead-letters', 'drop', '--all', '--queue', 'feeds')).toMatchObject({
      out: ['1 dropped'],
    })
    expect(await left()).toEqual(['a', 'b'])
    expect(await onUrl('dead-letters', 'drop', '--all')).toEqual({ code: 0, out: ['2 dropped'], err: [] })
    expect((await onUrl('dead-letters', 'list')).out).toEqual(['no dead letters'])
    expect(await onUrl('dead-letters', 'drop', '--all')).toEqual({ code: 0, out: ['0 dropped'], err: [] })
  })
})
