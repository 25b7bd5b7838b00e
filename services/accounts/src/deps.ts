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
  /** A hash of no password, checked where there is no account so that the answer takes as long. */
  readonly decoyHash: () => Promise<string>
  readonly keys: SigningKeys
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
