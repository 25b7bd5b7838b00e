import type { App } from '@colophon/http'
import type { AccountsDeps } from '../deps.ts'
import { changePasswordRoute } from './change-password.ts'
import { createAccountRoute } from './create-account.ts'
import { createSessionRoute } from './create-session.ts'
import { createTokenRoute } from './create-token.ts'
import { deleteSessionRoute } from './delete-session.ts'
import { getJwksRoute } from './get-jwks.ts'
import { getMeRoute } from './get-me.ts'
import { listAccountHistoryRoute } from './list-account-history.ts'
import { listAccountsRoute } from './list-accounts.ts'
import { refreshTokenRoute } from './refresh-token.ts'
import { revokeTokenRoute } from './revoke-token.ts'
import { setRolesRoute } from './set-roles.ts'

const routes = [
  createAccountRoute,
  listAccountsRoute,
  getMeRoute,
  changePasswordRoute,
  setRolesRoute,
  listAccountHistoryRoute,
  createTokenRoute,
  refreshTokenRoute,
  revokeTokenRoute,
  createSessionRoute,
  deleteSessionRoute,
  getJwksRoute,
]

/** Adds the accounts' routes. */
export function accountsRoutes(app: App, deps: AccountsDeps): void {
  for (const route of routes) route(app, deps)
}
