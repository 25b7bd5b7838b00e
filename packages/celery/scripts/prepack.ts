/**
 * Before `npm pack`: JavaScript and declarations into dist/, and a package.json that names these. In the checkout
 * Node runs the TypeScript itself, but it strips no types below node_modules. `postpack` puts package.json back.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const manifestPath = join(root, 'package.json')

rmSync(join(root, 'dist'), { recursive: true, force: true })
execFileSync('tsc', ['--project', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
// What is not TypeScript (SQL, Lua) goes along as it is.
cpSync(join(root, 'src'), join(root, 'dist'), {
  recursive: true,
  filter: (path) => !path.endsWith('.ts'),
})

interface Manifest {
  private?: boolean
  scripts?: unknown
  devDependencies?: unknown
  exports: Record<string, string>
  bin?: Record<string, string>
}

const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest
const { private: _private, scripts: _scripts, devDependencies: _devDependencies, ...published } = manifest
published.exports = { '.': './dist/index.js' }
copyFileSync(manifestPath, `${manifestPath}.before-pack`)
writeFileSync(`${manifestPath}.new`, `${JSON.stringify(published, null, 2)}\n`)
renameSync(`${manifestPath}.new`, manifestPath)
