import { expect, onTestFinished, test, vi } from 'vitest'
import { CeleryError } from '../../src/errors.ts'
import { noLog } from '../../src/log.ts'
import { readRedisUrl } from '../../src/redis/target.ts'
import { Trouble } from '../../src/redis/trouble.ts'

test('a login that is refused is an error in the log once a minute, and anew after it was let in', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const lines: [level: string, attempt: unknown][] = []
  const log = {
    ...noLog,
    debug: ({ attempt }: { attempt?: unknown }) => lines.push(['debug', attempt]),
    error: ({ attempt }: { attempt?: unknown }) => lines.push(['error', attempt]),
  }
  const trouble = new Trouble({ target: readRedisUrl('redis://'), code: 'BROKER_UNAVAILABLE', log })
  const refused = new CeleryError('UNSUPPORTED', 'Redis does not let this user in.')
  trouble.notYet(new Error('connect ECONNREFUSED'), 1)
  trouble.notYet(refused, 2)
  vi.advanceTimersByTime(59_000)
  trouble.notYet(refused, 3)
  vi.advanceTimersByTime(1_000)
  trouble.notYet(refused, 4)
  trouble.notYet(refused, 5)
  trouble.over()
  trouble.notYet(refused, 6)
  expect(lines).toEqual([
    ['debug', 1],
    ['error', 2],
    ['debug', 3],
    ['error', 4],
    ['debug', 5],
    ['error', 6],
  ])
})
