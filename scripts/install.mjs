// Runs before `npm start` and `npm test`, on whatever Node the machine has (20 or later, plain JavaScript):
// brings node_modules in line with package-lock.json and this machine (a container may see another's folder),
// so that the two commands work on a fresh clone.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'node_modules', '.colophon-installed')
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(`${process.platform} ${process.arch}`)
  .digest('hex')

const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
if (!installed) {
  console.error('colophon: installing dependencies, once (about 500 MB; half a minute on a fast line) ...')
  // loglevel error: Node 24 comes with the dependencies, so warnings about an older Node do not hold.
  const npm = process.env.npm_execpath
  const args = ['ci', '--loglevel=error', '--no-audit', '--no-fund']
  const options = { cwd: root, stdio: ['ignore', 2, 2] }
  const run = npm ? spawnSync(process.execPath, [npm, ...args], options) : spawnSync('npm', args, options)
  if (run.status !== 0) {
    console.error(
      'colophon: npm ci failed (see above). Colophon needs the npm registry the first time it starts.',
    )
    process.exit(run.status ?? 1)
  }
  writeFileSync(stamp, wanted)
}
