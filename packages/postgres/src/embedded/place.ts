import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { type Account, accountFor, weAreRoot } from './account.ts'

/** Where a data folder's PostgreSQL is, or will be. */
export interface Place {
  /** The data folder, with symbolic links resolved. */
  folder: string
  /** `<folder>/postgres`: the cluster, or a symbolic link that somebody made to it. */
  entry: string
  account: Account
  /** The folder with the cluster's files, with symbolic links resolved; undefined when there is none yet. */
  cluster: string | undefined
}

/** Makes the data folder if need be and finds the cluster of it. */
export function findPlace(dataFolder: string, serviceAccounts?: string[]): Place {
  // Root's may be passed through by PostgreSQL's account, which owns the cluster in it; that one is private.
  mkdirSync(dataFolder, { recursive: true, mode: weAreRoot() ? 0o755 : 0o700 })
  const folder = realpathSync(dataFolder)
  const entry = join(folder, 'postgres')
  const cluster = existingCluster(entry)
  return { folder, entry, cluster, account: accountFor(cluster ?? folder, serviceAccounts) }
}

function existingCluster(entry: string): string | undefined {
  const found = lstatSync(entry, { throwIfNoEntry: false })
  if (!found) return undefined
  if (existsSync(entry)) return realpathSync(entry)
  throw new Error(
    `${entry} points to ${readlinkSync(entry)}, which is not there: bring it back, or remove ${entry} to begin anew`,
  )
}

/** Refuses what is not a cluster that this version of PostgreSQL can open. */
export function checkCluster(cluster: string, version: string): void {
  const file = join(cluster, 'PG_VERSION')
  if (!existsSync(file)) throw new Error(`${cluster} is not a PostgreSQL cluster: move it away`)
  const theirs = readFileSync(file, 'utf8').trim()
  const ours = version.split('.')[0]
  if (theirs === ours) return
  throw new Error(
    `${cluster} was made by PostgreSQL ${theirs} and this is ${ours}: start it with the version that made it and take the data over, or choose another data folder`,
  )
}
