import { randomBytes } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Config, settings } from './settings.ts'

/** The file of the data folder that holds the secret key when SECRET_KEY is not set. */
const file = 'secret-key'

/**
 * The key that wraps the signing keys: SECRET_KEY, or one made once in the data folder.
 * @param folder null on an external database, for which `configOf` has asked for SECRET_KEY
 * @throws Error when the file does not hold a key
 */
export async function secretKey({ secretKey: given }: Config, folder: string | null): Promise<string> {
  if (given !== undefined) return given
  if (folder === null) throw new Error('there is neither a SECRET_KEY nor a folder to make one in')
  const path = join(folder, file)
  const key = (await readIfThere(path)) ?? (await makeOnce(path))
  try {
    settings.secretKey.parse(key)
    return key
  } catch (error) {
    const message = `the file ${path} is damaged, since it does not hold a key of 43 characters: put back a copy of it, or set SECRET_KEY to what it held; if that is lost, delete the file and run \`colophon keys rotate --secret-key-lost\``
    throw new Error(message, { cause: error })
  }
}

/** Linked into place whole, so that two processes that start at once end up with the same key. */
async function makeOnce(path: string): Promise<string> {
  const made = `${path}.${process.pid}`
  await writeFile(made, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true })
  try {
    await link(made, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await unlink(made)
  }
  return readFile(path, 'utf8')
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
