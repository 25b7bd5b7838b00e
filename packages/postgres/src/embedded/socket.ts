import { chownSync, lstatSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Account, canEnter, weAreRoot } from './account.ts'

export const port = 5432

/** The path of a unix socket has 104 bytes on macOS and 108 on Linux, its end included. */
const longestPath = 100
const prefix = 'colophon-'

/**
 * The folder for the socket: the cluster itself, which is private, or where its path is too long a private
 * folder with a short one. `previous`, the one of an earlier start, is kept if it can be, since those who were
 * connected then look there.
 */
export function socketFolder(cluster: string, account: Account, previous?: string): string {
  if (isShortEnough(cluster)) return cluster
  if (previous !== undefined && previous !== cluster && claim(previous, account)) return previous
  const parent = [tmpdir(), '/tmp'].find(
    (path) => isShortEnough(join(path, `${prefix}123456`)) && canEnter(account, path),
  )
  if (parent === undefined)
    throw new Error(`no short enough path for PostgreSQL's socket: ${tmpdir()} is too long`)
  const folder = mkdtempSync(join(parent, prefix))
  if (weAreRoot()) chownSync(folder, account.uid, account.gid)
  return folder
}

function isShortEnough(folder: string): boolean {
  return Buffer.byteLength(`${folder}/.s.PGSQL.${port}`) <= longestPath
}

function claim(folder: string, account: Account): boolean {
  if (!basename(folder).startsWith(prefix)) return false
  try {
    mkdirSync(folder, { mode: 0o700 })
    if (weAreRoot()) chownSync(folder, account.uid, account.gid)
  } catch {
    // It is there already, or cannot be made: what counts is whether it is ours now.
  }
  return isPrivate(folder, account)
}

/** Whether a folder is the account's and closed to everybody else, so that what listens in it is the account's. */
export function isPrivate(folder: string, account: Account): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === account.uid && (found.mode & 0o077) === 0
}

/** Removes the socket's folder after PostgreSQL has stopped, unless it is the cluster or not empty. */
export function removeSocketFolder(folder: string, cluster: string): void {
  if (folder === cluster || !basename(folder).startsWith(prefix)) return
  try {
    rmdirSync(folder)
  } catch {
    // Already gone, or somebody has started PostgreSQL again in it.
  }
}
