// Runs before `npm start` and `npm test`, on whatever Node the machine has (20.19, 22.12 or later, plain
// JavaScript): brings node_modules in line with package-lock.json and this machine (a container may see
// another's folder), so that the two commands work on a fresh clone. What npm has installed already, by
// whatever command, is left when the command has what it needs: a shop needs no development packages, so that
// `npm ci --omit=dev` will do for it. Arguments are npm's own: --include=dev of a command that needs them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const included = process.argv.slice(2)
/** Kinds of packages that are not asked for; those that npm is set to leave out, it would leave out again. */
const omitted = ['dev', ...(process.env.npm_config_omit ?? '').split(/\s+/)].filter(
  (kind) => kind !== '' && !included.includes(`--include=${kind}`),
)

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
// npm leaves out packages that want a newer Node than it runs on: what it installs would not do.
if (major < 20 || major === 21 || (major === 20 && minor < 19) || (major === 22 && minor < 12)) {
  console.error(
    `colophon: needs Node 20.19, 22.12 or later to be installed with; this is ${process.version}.`,
  )
  process.exit(1)
}

if (!isInstalled()) {
  console.error('colophon: installing dependencies (up to 500 MB; half a minute on a fast line) ...')
  // loglevel error: Node 24 comes with the dependencies, so warnings about an older Node do not hold.
  const npm = process.env.npm_execpath
  const args = ['ci', '--loglevel=error', '--no-audit', '--no-fund', ...included]
  const options = { cwd: root, stdio: ['ignore', 2, 2] }
  const run = npm ? spawnSync(process.execPath, [npm, ...args], options) : spawnSync('npm', args, options)
  if (run.status !== 0) {
    console.error(
      'colophon: npm ci failed (see above). It needs the npm registry, and is tried again the next time.',
    )
    process.exit(run.status ?? 1)
  }
}

/** Whether all that the command needs here is there, in the version of the lock file, as npm says. */
function isInstalled() {
  let installed
  try {
    // npm writes this list at the end of an installation: folders may have been removed since.
    installed = packagesOf('node_modules/.package-lock.json')
  } catch {
    return false
  }
  return Object.entries(packagesOf('package-lock.json')).every(([path, listed]) => {
    // What both kinds ask for is only an optional package where the development ones are left out.
    const isLeftOptional = listed.devOptional && omitted.includes('dev')
    const wanted = isLeftOptional ? { ...listed, optional: true } : listed
    const found = installed[path]
    if (path === '' || omitted.some((kind) => wanted[kind])) return true
    if (found === undefined) return !isNeeded(wanted)
    const isSame = found.version === wanted.version && found.integrity === wanted.integrity
    return isSame && existsSync(join(root, path))
  })
}

/** Binaries are for one kind of machine; npm installs other optional packages if one has use for them. */
function isNeeded({ optional, os, cpu, libc }) {
  const isForHere =
    (os ?? [process.platform]).includes(process.platform) && (cpu ?? [process.arch]).includes(process.arch)
  const isSure = libc === undefined && (!optional || (os ?? cpu) !== undefined)
  return isForHere && isSure
}

/** By their folders. @throws when the file is not there, or was cut short */
function packagesOf(lockFile) {
  return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages
}
