import { sql } from '@colophon/postgres'
import type { JWTPayload } from 'jose'
import type { AccountsDeps } from '../deps.ts'
import { accessTokenSeconds } from '../logins/lifetimes.ts'

/** The claim of a long-lived token that holds the `version` its account had when it was signed. */
export const accountVersionClaim = 'account_version'

/** How long what was seen of an account is believed, in milliseconds. */
const believedMs = 15_000

/** How many accounts are remembered; for one more, the one seen longest ago is forgotten. */
const mostAccounts = 10_000

/** What was seen of an account: its version, or null when there is none. */
interface Sight {
  readonly atMs: number
  readonly version: Promise<number | null>
}

/**
 * Whether a verified access token still stands. An ordinary one does until it expires: nothing is looked up. One
 * that lives longer was made for a script and ends within 15 seconds of any change to its account: of its roles, of
 * its password, or when it is no more.
 */
export function createTokenCheck({ database, now }: Pick<AccountsDeps, 'database' | 'now'>) {
  const sights = new Map<string, Sight>()

  function versionOf(accountId: string): Promise<number | null> {
    const atMs = now().getTime()
    const known = sights.get(accountId)
    // Not in the future either, where a now that was set back would leave it to be believed for long.
    if (known && Math.abs(atMs - known.atMs) < believedMs) return known.version
    const sight = { atMs, version: readVersion(accountId) }
    // Taken out first, so that the map stays in the order of time.
    sights.delete(accountId)
    sights.set(accountId, sight)
    for (const oldest of sights.keys()) {
      if (sights.size <= mostAccounts) break
      sights.delete(oldest)
    }
    // Whoever asked is told of the failure; the next one to ask looks again.
    sight.version.catch(() => sights.get(accountId) === sight && sights.delete(accountId))
    return sight.version
  }

  async function readVersion(id: string): Promise<number | null> {
    const account = await database.maybeOne<{ version: number }>(
      sql`select version from accounts.accounts where id = ${id}`,
      { name: 'account-version' },
    )
    return account?.version ?? null
  }

  return async function isStanding({ sub = '', iat = 0, exp = 0, ...claims }: JWTPayload): Promise<boolean> {
    if (exp - iat <= accessTokenSeconds) return true
    return (await versionOf(sub)) === claims[accountVersionClaim]
  }
}
