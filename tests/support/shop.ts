import { randomBytes } from 'node:crypto'
import type { Gateway } from '@colophon/gateway'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { createLogger } from '@colophon/runtime'
import { openGateway } from '../../apps/colophon/src/gateway.ts'
import { createProcessMetrics } from '../../apps/colophon/src/metrics.ts'
import { configOf } from '../../apps/colophon/src/settings.ts'
import { createShop, type Shop } from '../../apps/colophon/src/shop.ts'
import { urlOf } from '../../apps/colophon/test/support.ts'
import { createBackground } from './background.ts'

/** A whole shop in this process, on a database of its own, asked without a network. */
export interface TestShop {
  shop: Shop
  gateway: Gateway
  test: TestDatabase
  /** An access token of an account with this role, made for it. */
  tokenOf(role: Role): Promise<string>
  /** Has done what is done behind an answer: outbox, tasks, payments, until nothing is left. */
  settle(): Promise<void>
  stop(): Promise<void>
}

export type Role = 'customer' | 'staff' | 'admin'

export async function startTestShop(environment: Record<string, string> = {}): Promise<TestShop> {
  const test = await createTestDatabase()
  const logger = createLogger({ level: 'fatal', readable: false })
  const config = configOf({
    DATABASE_URL: 'postgres://not-used.example/test',
    SECRET_KEY: randomBytes(32).toString('base64url'),
    PORT: '0',
    CLIENT_REQUESTS_PER_MINUTE: '0',
    ACCOUNT_REQUESTS_PER_MINUTE: '0',
    ...environment,
  })
  const { database } = test
  const store = { database, url: urlOf(test), folder: null }
  const background = createBackground(database, logger)
  const shop = await createShop(config, store, logger, background.shopOptions)
  await shop.migrate(new AbortController().signal)
  await shop.accounts.start()
  // A busy machine is no reason to shed a test's requests.
  const limits = { eventLoopDelayMs: 60_000 }
  const metrics = createProcessMetrics(database)
  const gateway = await openGateway(config, { store, shop, logger, metrics, limits })
  await gateway.app.ready()
  return {
    shop,
    gateway,
    test,
    async tokenOf(role) {
      const email = `${role}@example.com`
      const { client } = shop.accounts
      await client.createAccount({ email, name: role, password: 'correct horse battery', roles: [role] })
      return (await client.issueToken({ role, email })).accessToken
    },
    settle: () => background.settle(shop),
    async stop() {
      await gateway.stop?.()
      await background.stop()
      await shop.close()
      await shop.catalog.stop?.()
      await shop.accounts.stop()
      await test.drop()
    },
  }
}
