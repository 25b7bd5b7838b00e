import type { Role } from '@colophon/accounts'
import { type Io, print } from '../io.ts'
import type { Config } from '../settings.ts'
import { withShop } from './with-shop.ts'

export interface TokenOptions {
  role: Role
  email?: string
  /** Seconds. */
  expires: number
  json: boolean
}

/** Prints an access token for a script, alone on its line. */
export async function tokenCommand(config: Config, io: Io, options: TokenOptions): Promise<void> {
  await withShop(config, io, 'token', async ({ accounts }) => {
    await accounts.start()
    try {
      const token = await accounts.client.issueToken({
        role: options.role,
        expiresInSeconds: options.expires,
        ...(options.email !== undefined && { email: options.email }),
      })
      print(io, options.json ? JSON.stringify(token) : token.accessToken)
    } finally {
      await accounts.stop()
    }
  })
}
