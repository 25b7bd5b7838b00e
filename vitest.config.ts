import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{packages,services,apps}/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
    globalSetup: ['packages/postgres/testing/global-setup.ts'],
    // Tests run on an embedded PostgreSQL, or on the server of this URL.
    provide: { testDatabaseUrl: process.env.TEST_DATABASE_URL ?? '' },
    pool: 'forks',
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['{packages,services,apps}/*/src/**/*.ts'], reportOnFailure: true },
  },
})
