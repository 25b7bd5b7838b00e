import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describeError } from '../errors.ts'
import type { Log } from '../log.ts'
import { pathFromWithin, userName, weAreRoot } from './account.ts'
import { attemptAt, removeDeadAttempts } from './attempts.ts'
import { type Binaries, program } from './binaries.ts'
import type { Place } from './place.ts'
import { run } from './run.ts'

/** The role that programs connect as, and the database it owns. It is not a superuser. */
export const role = 'colophon'
/** The superuser, for maintenance by hand; programs do not use it. */
export const superuser = 'postgres'

const initTimeout = 120_000

/**
 * Makes the cluster of a place, beside it first, so that there is a whole one or none. Where two processes do
 * so at once, the first to be ready wins and the other's is thrown away.
 */
export async function createCluster(
  place: Place,
  binaries: Binaries,
  durable: boolean,
  log?: Log,
): Promise<void> {
  const { folder, entry, account } = place
  log?.info({ folder }, 'making a PostgreSQL cluster')
  removeDeadAttempts(folder)
  const attempt = attemptAt(entry)
  mkdirSync(attempt, { mode: 0o700 })
  try {
    if (weAreRoot()) chownSync(attempt, account.uid, account.gid)
    await initialise(attempt, place, binaries, durable)
    renameSync(attempt, entry)
    syncFolder(folder)
  } catch (error) {
    rmSync(attempt, { recursive: true, force: true })
    if (existsSync(entry)) return
    throw new Error(`no PostgreSQL cluster could be made in ${folder}: ${describeError(error)}`, {
      cause: error,
    })
  }
}

async function initialise(
  cluster: string,
  { account, folder }: Place,
  binaries: Binaries,
  durable: boolean,
): Promise<void> {
  // Bytes order the same on every machine and in every version; sorting for people names its collation. The
  // character types must be UTF-8's all the same, as pg_trgm takes them from the operating system.
  const ctype = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'
  const locale = [
    '--locale=C',
    `--lc-ctype=${ctype}`,
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]
  const options = ['--encoding=UTF8', ...locale, '--data-checksums', `--username=${superuser}`, '--auth=peer']
  const sync = durable ? [] : ['--no-sync']
  const path = pathFromWithin(cluster, account)
  const how = { account, workingFolder: cluster, timeout: initTimeout }
  await run(program(binaries, 'initdb'), ['-D', path, ...options, ...sync], how)
  writeConfig(join(cluster, 'pg_hba.conf'), 'local all all peer map=owner\n')
  writeIdentities(cluster, folder)
  const input = `CREATE ROLE ${role} LOGIN\nCREATE DATABASE ${role} OWNER ${role}\n`
  const settings = ['-c', 'exit_on_error=on', '-c', `fsync=${durable ? 'on' : 'off'}`]
  await run(program(binaries, 'postgres'), ['--single', '-D', path, ...settings, 'postgres'], {
    ...how,
    input,
  })
}

/**
 * Who may enter: the user the data folder belongs to, and root, who could become that user anyway. Written
 * before every start, as the folder may have been given to somebody else.
 */
export function writeIdentities(cluster: string, folder: string): void {
  const owner = weAreRoot() ? userName(statSync(folder).uid) : userInfo().username
  const users = new Set(['root', ...(owner === undefined ? [] : [owner])])
  const lines = [...users].flatMap((user) => [role, superuser].map((as) => `owner "${user}" ${as}\n`))
  writeConfig(join(cluster, 'pg_ident.conf'), lines.join(''))
}

/** Replaces the text of a file that is there. Root must not follow a link laid by PostgreSQL's account. */
function writeConfig(path: string, text: string): void {
  if (readFileSync(path, 'utf8') === text) return
  const file = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW)
  writeSync(file, text)
  closeSync(file)
}

/** Makes a rename within the folder last through a power failure. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  fsyncSync(folder)
  closeSync(folder)
}
