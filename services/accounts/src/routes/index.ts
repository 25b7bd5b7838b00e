import type { App } from '@colophon/http'
import type { Deps } from '../deps.ts'
import { changePassword } from './change-password.ts'
import { createAccount } from './create-account.ts'
import { createSession } from './create-session.ts'
import { createToken } from './create-token.ts'
import { deleteSession } from './delete-session.ts'
import { getAccounts } from './get-accounts.ts'
import { getJwks } from './get-jwks.ts'
import { getMe } from './get-me.ts'
import { putRoles } from './put-roles.ts'
import { refreshToken } from './refresh-token.ts'
import { revokeToken } from './revoke-token.ts'

const routes = [
  createAccount,
  getAccounts,
  getMe,
  changePassword,
  putRoles,
  createToken,
  refreshToken,
  revokeToken,
  createSession,
  deleteSession,
  getJwks,
]

/** Adds every route of the service. */
export function addRoutes(app: App, deps: Deps): void {
  for (const add of routes) add(app, deps)
}
