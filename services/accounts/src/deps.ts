import type { RateLimiter } from '@colophon/http'
import type { Database } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import type { SigningKeys } from './keys/signing-keys.ts'
import type { PasswordHasher } from './passwords/password-hasher.ts'

/** What the operations of this service work with. */
export interface AccountsDeps {
  readonly database: Database
  readonly logger: Logger
  readonly now: () => Date
  readonly newId: () => string
  readonly hasher: PasswordHasher
  /**
   * A hash of no password, checked where there is no account so that the answer takes as long. It is made at today's
   * cost: for a while after the cost was changed, an account whose owner has not signed in since, and whose hash is
   * therefore the old one, is told from none by the time that a wrong password takes.
   */
  readonly decoyHash: () => Promise<string>
  readonly keys: SigningKeys
  /** Nobody registers this address while there is no admin. */
  readonly firstAdminEmail: string | undefined
  /** The `iss` and `aud` of access tokens. */
  readonly issuer: string
  readonly audience: string
  readonly limiters: {
    /** Attempts at a password, by the client's network and the e-mail address. */
    readonly passwords: RateLimiter
    /** Attempts at a password, by e-mail address alone. */
    readonly addresses: RateLimiter
    /** Attempts to change a password, by account. */
    readonly passwordChanges: RateLimiter
    /** Attempts at any password, by the client's network (`clientKey`). */
    readonly logins: RateLimiter
    /** New accounts, by the client's network. */
    readonly signUps: RateLimiter
  }
}
