import { spawnSync } from 'node:child_process'
import { describe, test } from 'vitest'
import { leftOut, servers } from '../../testing/servers.ts'
import { expectNothingLost } from './support.ts'

// The trials start servers of their own, and wait beside each other; the variables say that this run is one with real
// servers.
describe.concurrent.each([
  ['redis', 'TEST_REDIS_URL', servers.redis, ['redis-server']],
  ['amqp', 'TEST_AMQP_URL', servers.amqp, ['rabbitmq-server', 'redis-server']],
  ['amqp-quorum', 'TEST_AMQP_URL', servers.amqp, ['rabbitmq-server', 'redis-server']],
] as const)('%s', (kind, variable, url, programs) => {
  const missing = programs.find((program) => spawnSync('which', [program]).status !== 0)
  const isRun = url !== undefined && missing === undefined
  if (url === undefined) leftOut(`faults on ${kind}`, variable)
  else if (missing) console.log(`NOT RUN: faults on ${kind}: there is no ${missing}`)
  test.runIf(isRun)(
    'nothing is lost over kill -9 of workers and servers, connections cut and frozen',
    // What is lost once is lost: it is not tried again.
    { timeout: 240_000, retry: 0 },
    (context) => expectNothingLost(kind, 2, context),
  )
})
