import { expect, test } from 'vitest'
import { appFile, command, onUrl } from './support/command.ts'

test('queues counts what waits, and purge removes it, but only when that is meant', async () => {
  for (const queue of ['celery', 'celery', 'feeds']) await onUrl('call', 'add', '--queue', queue)
  expect(await onUrl('queues')).toEqual({
    code: 0,
    out: ['QUEUE   WAITING  CONSUMERS', 'celery  2        0'],
    err: [],
  })
  const both = ['QUEUE  WAITING        CONSUMERS', 'feeds  1              0', 'none   no such queue  -']
  expect(await onUrl('queues', 'feeds', 'none')).toEqual({
    code: 1,
    out: both,
    err: ['colophon-celery: there is no queue none'],
  })

  const refused = await onUrl('purge', 'celery')
  expect(refused).toEqual({ code: 2, out: [], err: [expect.stringContaining('add --force')] })
  expect((await onUrl('queues')).out[1]).toBe('celery  2        0')

  expect(await onUrl('purge', 'celery', 'none', '--force')).toEqual({
    code: 1,
    out: ['celery: 2 removed'],
    err: ['colophon-celery: there is no queue none'],
  })
  expect((await onUrl('queues', 'celery', 'feeds')).out.slice(1)).toEqual([
    'celery  0        0',
    'feeds   1        0',
  ])
})

test('queues of an app are those that it names', async () => {
  expect(await command(['-A', appFile, 'queues'])).toMatchObject({
    code: 0,
    out: [
      expect.any(String),
      expect.stringMatching(/^celery /),
      expect.stringMatching(/^reports +no such queue/),
    ],
  })
  const { out } = await command(['-A', appFile.replace('app.ts', 'routed.ts'), 'queues'])
  expect(out.slice(1).map((line) => line.split(' ')[0])).toEqual(['celery', 'feeds', 'tasks', 'reports'])
})
