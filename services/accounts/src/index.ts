export type { Account, AccountRef } from './accounts.ts'
export type { AccountsClient } from './client.ts'
export { accountsSettings } from './config.ts'
export type { FirstAdmin } from './operations/first-admin.ts'
export type { IssuedToken, ScriptToken } from './operations/issue-token.ts'
export type { AccountsPage, AccountsQuery } from './operations/list-accounts.ts'
export type { NewAccount } from './operations/register-account.ts'
export {
  createPasswordHasher,
  owaspCost,
  type PasswordHasher,
  type PasswordHasherOptions,
} from './password-hasher.ts'
export type { Argon2Cost } from './phc.ts'
export { accountsProblems } from './problems.ts'
export { type Role, roles } from './roles.ts'
export { newPassword } from './secret-tokens.ts'
export {
  type AccountsOptions,
  type AccountsRates,
  type AccountsService,
  createAccounts,
} from './service.ts'
