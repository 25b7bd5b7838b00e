import { randomBytes } from 'node:crypto'
import { createHttpServer, createTokenVerifier, type HttpServer, sessionCookie } from '@colophon/http'
import { type Database, isTimeout, isUnavailable, migrate } from '@colophon/postgres'
import { createTestDatabase } from '@colophon/postgres/testing'
import { createLogger, createMetrics } from '@colophon/runtime'
import {
  type AccountsOptions,
  type AccountsService,
  createAccounts,
  createPasswordHasher,
} from '../src/index.ts'

export const secretKey = randomBytes(32).toString('base64url')
export const password = 'correct horse battery'

export interface Answer {
  status: number
  headers: Record<string, unknown>
  // Whatever the route answers; each test says what it expects of it.
  body: Body
}

export interface Body {
  readonly [name: string]: unknown
  readonly id?: string
  readonly code?: string
  readonly version?: number
  readonly accessToken?: string
  readonly refreshToken?: string
  readonly nextCursor?: string | null
  readonly items?: readonly { readonly id: string; readonly email: string; readonly version: number }[]
  readonly errors?: readonly { readonly path: string; readonly code: string }[]
  readonly keys?: readonly { readonly kid: string }[]
}

export interface CallOptions {
  body?: unknown
  token?: string | undefined
  cookie?: string | undefined
  headers?: Record<string, string>
  /** The network address it comes from. */
  from?: string
}

export interface Shop {
  database: Database
  accounts: AccountsService
  server: HttpServer
  /** The log lines so far. */
  lines: string[]
  /** What the service takes for the present; move it to let time pass. */
  time: { now: Date }
  /** How many password hashes were checked so far. */
  verified: () => number
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, options?: CallOptions): Promise<Answer>
  /** Makes a customer and answers its id. */
  register(email: string): Promise<string>
  signIn(email: string, password?: string): Promise<{ accessToken: string; refreshToken: string }>
  /** Signs in as a browser does and answers the cookie. */
  browse(email: string, password?: string): Promise<string>
  close(): Promise<void>
}

const cheap = { memory: 8, passes: 1, parallelism: 1 }
const generous = { burst: 10_000, perMinute: 10_000 }
const host = 'shop.example'
export const origin = `https://${host}`

/** The service behind a real HTTP server, on a database of its own, with hashes that cost little unless asked. */
export async function openShop(
  overrides: Partial<AccountsOptions> = {},
  { realHashes = false } = {},
): Promise<Shop> {
  const { database, drop } = await createTestDatabase()
  const lines: string[] = []
  const logger = createLogger({
    level: 'info',
    readable: false,
    destination: { write: (line: string) => void lines.push(line) },
  })
  const time = { now: new Date() }
  const counted = countingHasher()
  const accounts = createAccounts({
    database,
    logger,
    secretKey,
    issuer: 'https://shop.example',
    now: () => time.now,
    ...(!realHashes && { hasher: counted.hasher }),
    rates: {
      passwords: generous,
      addresses: generous,
      passwordChanges: generous,
      logins: generous,
      signUps: generous,
    },
    ...overrides,
  })
  await migrate(database, accounts.migrations)
  await accounts.start()
  const server = await serve(accounts, logger, () => time.now.getTime())
  const call = callerOf(server)
  return {
    database,
    accounts,
    server,
    lines,
    time,
    verified: counted.verified,
    call,
    ...journeys(call),
    async close() {
      await server.stop()
      await accounts.stop()
      await drop()
    },
  }
}

function countingHasher() {
  let verified = 0
  const hasher = createPasswordHasher({
    ...cheap,
    concurrency: 2,
    waiting: 1000,
    refusal: () => new Error('busy'),
  })
  const verify: typeof hasher.verify = (given, hash) => {
    verified++
    return hasher.verify(given, hash)
  }
  return { hasher: { ...hasher, verify }, verified: () => verified }
}

async function serve(
  accounts: AccountsService,
  logger: Parameters<typeof createHttpServer>[0]['logger'],
  clock: () => number,
): Promise<HttpServer> {
  const server = await createHttpServer({
    name: 'accounts',
    version: '0.0.0',
    logger,
    metrics: createMetrics(),
    host: '127.0.0.1',
    port: 0,
    identify: {
      bearer: createTokenVerifier({ ...accounts.client.tokens, clock }),
      session: accounts.client.sessionIdentity,
    },
    problemTables: [accounts.problems],
    openapi: { title: 'Accounts', description: 'Under test', tags: [] },
    readiness: () => ({ ready: true, stores: {} }),
    corsOrigins: [],
    isStoreUnavailable: isUnavailable,
    isTimeout,
    limits: { clientRate: null, accountRate: null, eventLoopDelayMs: 10_000 },
  })
  await server.app.register(accounts.routes)
  await server.app.ready()
  return server
}

function callerOf(server: HttpServer): Shop['call'] {
  return async (method, url, { body, token, cookie, headers, from } = {}) => {
    const answer = await server.app.inject({
      method,
      url,
      headers: {
        host,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        // A page of the shop's own sends the shop's origin.
        ...(cookie !== undefined && { cookie: `${sessionCookie}=${cookie}`, origin }),
        ...headers,
      },
      ...(from !== undefined && { remoteAddress: from }),
      ...(body !== undefined && { payload: body as object }),
    })
    const isJson = String(answer.headers['content-type']).includes('json')
    return { status: answer.statusCode, headers: answer.headers, body: isJson ? answer.json() : {} }
  }
}

function journeys(call: Shop['call']): Pick<Shop, 'register' | 'signIn' | 'browse'> {
  return {
    async register(email) {
      const { status, body } = await call('POST', '/api/accounts', { body: { email, password, name: 'Ana' } })
      if (status !== 201 || !body.id) throw new Error(`not registered: ${JSON.stringify(body)}`)
      return body.id
    },
    async signIn(email, given = password) {
      const { body } = await call('POST', '/api/tokens', { body: { email, password: given } })
      const { accessToken, refreshToken } = body
      if (!accessToken || !refreshToken) throw new Error(`not signed in: ${JSON.stringify(body)}`)
      return { accessToken, refreshToken }
    },
    async browse(email, given = password) {
      const { headers, body } = await call('POST', '/api/session', { body: { email, password: given } })
      const cookie = cookieOf(headers)
      if (!cookie) throw new Error(`not signed in: ${JSON.stringify(body)}`)
      return cookie
    },
  }
}

/** The session within Set-Cookie. */
export function cookieOf(headers: Answer['headers']): string | undefined {
  return new RegExp(`${sessionCookie}=([^;]*)`).exec(String(headers['set-cookie']))?.[1]
}
