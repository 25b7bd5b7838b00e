import type { Identity } from '@colophon/http'
import { errors, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { AccountRef } from './accounts/account.ts'
import { createAccount, type NewAccount } from './accounts/create-account.ts'
import { emailOf } from './accounts/email-of.ts'
import { ensureFirstAdmin, type FirstAdmin, hasAdmin } from './accounts/first-admin.ts'
import { commandLine } from './accounts/history.ts'
import { type AccountsPage, type AccountsQuery, listAccounts } from './accounts/list-accounts.ts'
import type { Role } from './accounts/roles.ts'
import { setRoles } from './accounts/set-roles.ts'
import type { AccountsDeps } from './deps.ts'
import { signingAlgorithm } from './keys/signing-keys.ts'
import { sessionIdentity } from './logins/session-identity.ts'
import { resetPassword } from './passwords/reset-password.ts'
import type { Account } from './schemas.ts'
import { type IssuedToken, issueToken, type ScriptToken } from './tokens/issue-token.ts'
import { createTokenCheck } from './tokens/token-check.ts'

/**
 * What the gateway, the command line and other services ask of this service. Errors are `Problem`s of
 * `accountsProblems`. What it does to an account is in that account's history as done by the command line.
 */
export interface AccountsClient {
  /** What access tokens are verified by: the options of `createTokenVerifier` of @colophon/http. */
  readonly tokens: {
    readonly issuer: string
    readonly audience: string
    readonly algorithms: readonly string[]
    readonly keys: JWTVerifyGetKey
    /** Whether a token still stands, by its claims; looks up, at times, only those that live longer than 15 minutes. */
    readonly isStanding: (claims: JWTPayload) => Promise<boolean>
  }
  /** Who a session's cookie stands for; null when it has ended or never was. */
  sessionIdentity(cookieValue: string): Promise<Identity | null>
  /** @throws Problem `validation_failed`, `email_taken` */
  createAccount(account: NewAccount): Promise<Account>
  /** Where mail for an account goes, in lower case and with the domain in ASCII; null when there is no such account. */
  emailOf(accountId: string): Promise<string | null>
  /** @throws Problem `invalid_cursor` */
  listAccounts(query?: AccountsQuery): Promise<AccountsPage>
  /** @throws Problem `account_not_found`, `last_admin` */
  setRoles(who: AccountRef, roles: readonly Role[]): Promise<Account>
  /** A new password for who has forgotten theirs. @throws Problem `account_not_found`, `validation_failed` */
  resetPassword(who: AccountRef, password: string): Promise<Account>
  /** Whether there is an admin yet. */
  hasAdmin(): Promise<boolean>
  /** Makes the first admin when there is no admin. @throws Problem `validation_failed`, `email_taken` */
  ensureFirstAdmin(admin: { email: string; password?: string | undefined }): Promise<FirstAdmin>
  /** An access token for a script. @throws Problem `account_not_found`, `role_not_held`; RangeError */
  issueToken(token: ScriptToken): Promise<IssuedToken>
  /**
   * A new key signs from now on; the old one is published until its last token is out. Where SECRET_KEY is lost, the
   * old one is replaced without being opened.
   */
  rotateKeys(options?: { isSecretKeyLost?: boolean }): Promise<{ id: string }>
}

/** The client of a service in the same process: the operations themselves. */
export function createClient(deps: AccountsDeps): AccountsClient {
  return {
    tokens: {
      issuer: deps.issuer,
      audience: deps.audience,
      algorithms: [signingAlgorithm],
      keys: async ({ kid }) => {
        const key = kid === undefined ? undefined : await deps.keys.publicKey(kid)
        if (!key) throw new errors.JWKSNoMatchingKey()
        return key
      },
      isStanding: createTokenCheck(deps),
    },
    sessionIdentity: (cookieValue) => sessionIdentity(deps, cookieValue),
    createAccount: (account) => createAccount(deps, account, commandLine),
    emailOf: (accountId) => emailOf(deps.database, accountId),
    listAccounts: (query = {}) => listAccounts(deps, query),
    setRoles: (who, roles) => setRoles(deps, who, roles, commandLine),
    resetPassword: (who, password) => resetPassword(deps, who, password, commandLine),
    hasAdmin: () => hasAdmin(deps),
    ensureFirstAdmin: (admin) => ensureFirstAdmin(deps, admin),
    issueToken: (token) => issueToken(deps, token, commandLine),
    rotateKeys: (options) => deps.keys.rotate(options),
  }
}
