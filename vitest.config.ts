import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// These import an app that lives as long as its process, so each file has a process to itself. The others share
// theirs, which saves a third of the time.
const apart = ['packages/celery/test/cli/**/*.test.ts']
const together = ['{packages,services,apps}/*/test/**/*.test.ts', 'tests/**/*.test.ts']

// These take a minute, and first, so that none is left to run alone at the end.
const longest =
  /\/(?:faults|crash|oversell)\/|\/(?:serve|fleet|crossing|killed|amqp|brokers\/postgres)\.(?:int\.)?test\.ts$/

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => longest.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: 'together', include: together, exclude: apart, isolate: false } },
      { extends: true, test: { name: 'apart', include: apart } },
    ],
    setupFiles: ['tests/support/fast-check-seed.ts'],
    globalSetup: ['packages/postgres/testing/global-setup.ts'],
    provide: {
      // Tests run on an embedded PostgreSQL, or on the server of this URL.
      testDatabaseUrl: process.env.TEST_DATABASE_URL ?? '',
      // Those of these run where these are, and say that they were left out where these are not.
      testAmqpUrl: process.env.TEST_AMQP_URL ?? '',
      testRedisUrl: process.env.TEST_REDIS_URL ?? '',
      testCeleryPython: process.env.TEST_CELERY_PYTHON ?? '',
      fastCheckSeed: Date.now() % 2 ** 31,
    },
    // What Node makes of the sources is kept for the many processes that tests start.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/colophon', import.meta.url)) },
    pool: 'forks',
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['{packages,services,apps}/*/src/**/*.ts'], reportOnFailure: true },
  },
})
