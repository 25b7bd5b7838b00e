import { randomUUIDv7 } from 'node:crypto'
import {
  createRateLimiter,
  httpProblem,
  type ProblemTable,
  type RateRule,
  type RoutePlugin,
} from '@colophon/http'
import type { Database } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import { type AccountsClient, createClient } from './client.ts'
import type { AccountsDeps } from './deps.ts'
import { parseSecretKey } from './keys/key-wrap.ts'
import { SigningKeys } from './keys/signing-keys.ts'
import { removeExpired } from './logins/remove-expired.ts'
import { newPassword } from './logins/secret-tokens.ts'
import { createPasswordHasher, owaspCost, type PasswordHasher } from './passwords/password-hasher.ts'
import { accountsProblems } from './problems.ts'
import { accountsRoutes } from './routes/index.ts'

export type { AccountRef } from './accounts/account.ts'
export type { NewAccount } from './accounts/create-account.ts'
export type { FirstAdmin } from './accounts/first-admin.ts'
export type { AccountsPage, AccountsQuery } from './accounts/list-accounts.ts'
export { type Role, roles } from './accounts/roles.ts'
export type { AccountsClient } from './client.ts'
export { accountsSettings } from './config.ts'
export { newPassword } from './logins/secret-tokens.ts'
export { createPasswordHasher, type PasswordHasher } from './passwords/password-hasher.ts'
export { accountsProblems } from './problems.ts'
export type { Account } from './schemas.ts'
export type { IssuedToken, ScriptToken } from './tokens/issue-token.ts'

/** How often a password may be tried and an account made; counted in this process. */
export interface AccountsRates {
  /** Tries at the password of one e-mail address from one client, whether or not it has an account. */
  passwords: RateRule
  /** Tries at the password of one e-mail address from all clients together: many that guess in concert. */
  addresses: RateRule
  /** Tries to change the password of one account. */
  passwordChanges: RateRule
  /** Tries at any password from one client: an IPv4 address or an IPv6 network of /64. */
  logins: RateRule
  /** New accounts from one client. */
  signUps: RateRule
}

export interface AccountsOptions {
  database: Database
  logger: Logger
  /** SECRET_KEY: 32 bytes in base64url, the same in every process and at every start. */
  secretKey: string
  /**
   * The `iss` of access tokens: the same constant, `colophon`, in every process of the shop. Never a setting such as
   * the public URL: a change would end all tokens, and a command run without it would make tokens that are refused.
   */
  issuer: string
  /** The `aud` of access tokens. */
  audience?: string
  /** The address that the first admin is to have: nobody can register it while there is no admin. */
  firstAdminEmail?: string
  rates?: Partial<AccountsRates>
  hasher?: PasswordHasher
  now?: () => Date
  /** Makes UUIDs, in the order of time (version 7). */
  newId?: () => string
}

/** People, roles, sessions, tokens and the keys that sign them. */
export interface AccountsService {
  readonly name: 'accounts'
  readonly routes: RoutePlugin
  readonly problems: ProblemTable
  /** To be applied, by `migrate` of @colophon/postgres, before the start. */
  readonly migrations: { readonly schema: string; readonly folder: URL }
  /** Works without a start too, for the command line. */
  readonly client: AccountsClient
  /**
   * Makes the signing key when there is none.
   * @throws Error in one line when SECRET_KEY does not open it
   */
  start(): Promise<void>
  stop(): Promise<void>
}

const defaultRates: AccountsRates = {
  passwords: { burst: 10, perMinute: 5 },
  addresses: { burst: 100, perMinute: 60 },
  passwordChanges: { burst: 10, perMinute: 5 },
  logins: { burst: 50, perMinute: 30 },
  signUps: { burst: 20, perMinute: 10 },
}
const rateKeys = 50_000
const cleanupEveryMs = 60 * 60 * 1000

export function createAccounts(options: AccountsOptions): AccountsService {
  const deps = createDeps(options)
  let cleanup: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  function cleanUp(): void {
    cleanup = removeExpired(deps).catch((error) => {
      deps.logger.warn({ err: error }, 'what has expired was not deleted: tried again in an hour')
    })
  }

  return {
    name: 'accounts',
    routes: (app) => accountsRoutes(app, deps),
    problems: accountsProblems,
    migrations: { schema: 'accounts', folder: new URL('./migrations/', import.meta.url) },
    client: createClient(deps),
    async start() {
      await deps.keys.start()
      await deps.decoyHash()
      cleanUp()
      timer = setInterval(cleanUp, cleanupEveryMs).unref()
    },
    async stop() {
      clearInterval(timer)
      await cleanup
    },
  }
}

function createDeps(options: AccountsOptions): AccountsDeps {
  const { database, logger, now = () => new Date(), newId = randomUUIDv7 } = options
  const rates = { ...defaultRates, ...options.rates }
  const hasher = options.hasher ?? defaultHasher()
  let decoy: string | undefined
  return {
    database,
    logger,
    now,
    newId,
    hasher,
    async decoyHash() {
      decoy ??= await hasher.hash(newPassword())
      return decoy
    },
    keys: new SigningKeys({ database, logger, now, secretKey: parseSecretKey(options.secretKey) }),
    firstAdminEmail: options.firstAdminEmail,
    issuer: options.issuer,
    audience: options.audience ?? 'colophon',
    limiters: {
      passwords: createRateLimiter({ ...rates.passwords, maxKeys: rateKeys }),
      addresses: createRateLimiter({ ...rates.addresses, maxKeys: rateKeys }),
      passwordChanges: createRateLimiter({ ...rates.passwordChanges, maxKeys: rateKeys }),
      logins: createRateLimiter({ ...rates.logins, maxKeys: rateKeys }),
      signUps: createRateLimiter({ ...rates.signUps, maxKeys: rateKeys }),
    },
  }
}

/** Two at a time (38 MiB, half of libuv's threads), and a queue that is worked off within a second or two. */
function defaultHasher(): PasswordHasher {
  return createPasswordHasher({
    ...owaspCost,
    concurrency: 2,
    waiting: 64,
    refusal: () =>
      httpProblem('overloaded', 'too many people are signing in at this moment: try again in a second', {
        headers: { 'retry-after': '1' },
      }),
  })
}
