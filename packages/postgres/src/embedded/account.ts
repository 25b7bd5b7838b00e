import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** The operating system's user that PostgreSQL runs as and that owns its files. */
export interface Account {
  uid: number
  gid: number
}

const rootUid = 0

export function weAreRoot(): boolean {
  return process.geteuid?.() === rootUid
}

/**
 * The account for PostgreSQL. It is our own, except that root may not run PostgreSQL: when we are root it is
 * the owner of `path` (the cluster, or the data folder before there is one), and where root owns that too, a
 * service account: `preferred`, by default `postgres`, or `nobody` on a machine without one.
 */
export function accountFor(path: string, preferred = ['postgres', 'nobody']): Account {
  const { uid, gid } = statSync(path)
  if (!weAreRoot()) {
    const us = process.geteuid?.() ?? uid
    if (uid === us) return { uid, gid }
    const owner = userName(uid) ?? `user ${uid}`
    throw new Error(`${path} belongs to ${owner}: start as that user, or choose another data folder`)
  }
  const known = users()
  // With the group that user has, since a folder's may be root's.
  if (uid !== rootUid) return { uid, gid: known.find((user) => user.uid === uid)?.gid ?? gid }
  const account = preferred.map((name) => known.find((user) => user.name === name)).find(Boolean)
  if (account) return { uid: account.uid, gid: account.gid }
  throw new Error(
    `PostgreSQL cannot run as root: add a user ${preferred.join(' or ')}, or start as another user`,
  )
}

/** The name of a user in /etc/passwd. */
export function userName(uid: number): string | undefined {
  return users().find((user) => user.uid === uid)?.name
}

function users(): { name: string; uid: number; gid: number }[] {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
}

/** What makes `spawn` run a program as the account, which takes root; otherwise it is us already. */
export function spawnAs(account: Account): Partial<Account> {
  return weAreRoot() ? { uid: account.uid, gid: account.gid } : {}
}

/** Whether the account may reach and enter a folder: tried out, as access lists and mounts have a say too. */
export function canEnter(account: Account, folder: string): boolean {
  const options = { ...spawnAs(account), cwd: '/', timeout: 5_000 }
  const tried = spawnSync('/bin/sh', ['-c', 'cd -- "$0"', folder], options)
  // Without a shell, in a bare container, there is nobody to hide a folder from.
  return tried.error !== undefined || tried.status === 0
}

/** Linux's link to the folder a process works in, which leads there whatever the folders above permit. */
const workingFolder = '/proc/self/cwd'

/**
 * What a program of the account's, started with a folder of the account's as its working folder, calls that
 * folder. It is its path unless the account may not pass the folders above, as in root's home, which are not
 * ours to open up.
 */
export function pathFromWithin(folder: string, account: Account): string {
  if (!weAreRoot() || canEnter(account, folder)) return folder
  if (existsSync(workingFolder)) return workingFolder
  const user = userName(account.uid) ?? `user ${account.uid}`
  throw new Error(
    `PostgreSQL would run as ${user}, who cannot enter ${dirname(folder)}: start as an ordinary user, or choose another data folder`,
  )
}
