import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AccountsClient, newPassword } from '@colophon/accounts'
import { Problem } from '@colophon/http'
import type { Logger } from '@colophon/runtime'
import type { Io } from './io.ts'
import type { Config } from './settings.ts'

/** How the first administrator signs in, and that somebody has been told. */
export interface FirstAdminNews {
  /** For the line that says so. */
  line: string
  /** To be called when the line has been shown. */
  told(): Promise<void>
}

/** Where a new shop on an embedded database keeps the administrator's password until a terminal has shown it. */
const fileName = 'admin-password'

/**
 * Makes the first administrator of a new shop: with ADMIN_PASSWORD, else with a password made up. It is in a file
 * that only its owner can read before the account is made, so that no crash and no failed start loses it; on a
 * terminal it is shown, and the file goes when it has been. Every later start names a file that is still there.
 */
export async function makeFirstAdmin(
  accounts: AccountsClient,
  config: Config,
  { folder, io, logger }: { folder: string | null; io: Io; logger: Logger },
): Promise<FirstAdminNews | null> {
  const isTerminal = io.stdout.isTTY === true
  if (await accounts.hasAdmin()) return folder === null ? null : earlierNews(config, folder)
  if (config.adminPassword !== undefined) return withGivenPassword(accounts, config)
  if (folder !== null) return withPasswordFile(accounts, config, join(folder, fileName), isTerminal)
  if (isTerminal) return withShownPassword(accounts, config, io)
  logger.warn(
    'there is no administrator yet: set ADMIN_PASSWORD, or run `colophon account create EMAIL --role admin`',
  )
  return null
}

async function withGivenPassword(
  accounts: AccountsClient,
  { adminEmail: email, adminPassword: password }: Config,
): Promise<FirstAdminNews> {
  await accounts.ensureFirstAdmin({ email, password })
  return { line: `${email}, with ADMIN_PASSWORD`, told: async () => {} }
}

async function withPasswordFile(
  accounts: AccountsClient,
  { adminEmail: email }: Config,
  file: string,
  isTerminal: boolean,
): Promise<FirstAdminNews> {
  const password = await passwordIn(file)
  await accounts.ensureFirstAdmin({ email, password }).catch(async (error: unknown) => {
    // Refused, so that the file opens nothing; after any other failure the account may be there.
    if (error instanceof Problem) await rm(file, { force: true })
    throw error
  })
  if (!isTerminal) return { line: `${email}, its password is in ${file}`, told: async () => {} }
  return { line: `${email}, password ${password} (shown this once)`, told: () => rm(file, { force: true }) }
}

/** An external database has no folder for a file: the password is shown as soon as it holds. */
async function withShownPassword(accounts: AccountsClient, { adminEmail: email }: Config, io: Io) {
  const { password } = await accounts.ensureFirstAdmin({ email })
  if (password === undefined) return null
  io.stdout.write(`\n  Admin  ${email}, password ${password} (shown this once)\n\n`)
  return null
}

/** An earlier start made the administrator, and nobody has deleted the file since. */
function earlierNews({ adminEmail }: Config, folder: string): FirstAdminNews | null {
  const file = join(folder, fileName)
  return existsSync(file)
    ? { line: `${adminEmail}, its first password is in ${file}`, told: async () => {} }
    : null
}

async function passwordIn(file: string): Promise<string> {
  const made = newPassword()
  try {
    await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx', flush: true })
    return made
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return (await readFile(file, 'utf8')).trim()
  }
}
