import { createHash, timingSafeEqual } from 'node:crypto'
import {
  createHttpServer,
  type HttpServer,
  httpProblem,
  type Identifier,
  type Readiness,
} from '@colophon/http'
import { isTimeout, isUnavailable, signOfLife } from '@colophon/postgres'
import type { Registry } from '@colophon/runtime'
import type { SandboxDeps } from './deps.ts'
import { sandboxProblems } from './problems.ts'
import { sandboxRoutes } from './routes/index.ts'
import { tokenTable } from './tokens.ts'

export interface ServerOptions {
  host: string
  /** 0 for any free port. */
  port: number
  version: string
  metrics: Registry
  /** The bearer key that callers must have; anybody may call when it is absent. */
  key: string | undefined
}

/** The sandbox's HTTP server, with its routes. */
export async function createSandboxServer(deps: SandboxDeps, options: ServerOptions): Promise<HttpServer> {
  const { key, ...listening } = options
  const server = await createHttpServer({
    ...listening,
    portSetting: 'PAYMENTS_SANDBOX_PORT',
    name: 'payments-sandbox',
    logger: deps.logger,
    identify: identifierOf(key),
    problemTables: [sandboxProblems],
    openapi: { title: 'Payments sandbox', description, tags },
    readiness: () => readiness(deps),
    isStoreUnavailable: isUnavailable,
    isTimeout,
    // The shop calls from one address, and as often as it sells.
    limits: { clientRate: null, accountRate: null },
    corsOrigins: [],
  })
  await server.app.register(async (app) => sandboxRoutes(app, deps))
  return server
}

const description = `A payment provider to try a shop with: no money moves. The token of a charge decides what happens:

${tokenTable()}

Webhooks \`charge.settled\` and \`refund.done\` are posted to the shop, signed in \`Payments-Signature\`.`

const tags = [
  { name: 'Charges', description: 'Taking money' },
  { name: 'Refunds', description: 'Giving it back' },
]

function identifierOf(key: string | undefined): Identifier {
  return {
    async bearer(token) {
      if (key !== undefined && !isEqual(token, key)) throw httpProblem('invalid_token', 'this is not the key')
      return { accountId: 'shop', roles: [] }
    },
    session: async () => null,
  }
}

/** Takes as long whatever is equal; the digests only make the lengths the same. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

async function readiness({ database }: SandboxDeps): Promise<Readiness> {
  const postgres = await signOfLife(database)
  return { ready: postgres === 'up', stores: { postgres } }
}
