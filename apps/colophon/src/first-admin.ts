import { randomBytes } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AccountsClient } from '@colophon/accounts'
import type { Config } from './settings.ts'

/** How the first administrator signs in, for the line that says so; null when one was there before. */
export interface FirstAdminNews {
  email: string
  /** Shown once, on a terminal. */
  password?: string
  /** The file with the password, where there is no terminal. */
  file?: string
}

/**
 * Makes the first administrator of a new shop: with ADMIN_PASSWORD, else with a password made up, which goes
 * to the terminal, or where there is none to a file that only its owner can read.
 */
export async function makeFirstAdmin(
  accounts: AccountsClient,
  { adminEmail: email, adminPassword }: Config,
  { folder, isTerminal }: { folder: string | null; isTerminal: boolean },
): Promise<FirstAdminNews | null> {
  if (adminPassword !== undefined) {
    const { created } = await accounts.ensureFirstAdmin({ email, password: adminPassword })
    return created ? { email } : null
  }
  if (isTerminal || folder === null) {
    const { created, password } = await accounts.ensureFirstAdmin({ email })
    return created && password !== undefined ? { email, password } : null
  }
  // The file comes before the account: a crash in between must not leave an account nobody can enter.
  const file = join(folder, 'admin-password')
  const { password, isNew } = await passwordFile(file)
  const { created } = await accounts.ensureFirstAdmin({ email, password })
  if (!created && isNew) await rm(file)
  return created ? { email, file } : null
}

async function passwordFile(file: string): Promise<{ password: string; isNew: boolean }> {
  const made = randomBytes(15).toString('base64url')
  try {
    await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx', flush: true })
    return { password: made, isNew: true }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return { password: (await readFile(file, 'utf8')).trim(), isNew: false }
  }
}
