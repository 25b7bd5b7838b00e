/**
 * Before `npm pack`: JavaScript and declarations into dist/, and a package.json that names these. In the checkout
 * Node runs the TypeScript itself, but it strips no types below node_modules. `postpack` puts package.json back.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { replaceManifest, restoreManifest, root } from './manifest.ts'

restoreManifest()
rmSync(join(root, 'dist'), { recursive: true, force: true })
execFileSync('tsc', ['--project', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
// What is not TypeScript goes along as it is.
cpSync(join(root, 'src'), join(root, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.ts') })
replaceManifest()
// npm runs no postpack when packing fails.
const postpack = join(import.meta.dirname, 'postpack.ts')
spawn(process.execPath, [postpack, String(npmProcess())], { detached: true, stdio: 'ignore' }).unref()

/** npm runs scripts through a shell, which may or may not stand between. */
function npmProcess(): number {
  const [parent, name] = processOf(process.ppid)
  return /(^|\/)-?\w*sh$/.test(name) ? parent : process.ppid
}

function processOf(pid: number): [parent: number, name: string] {
  const line = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' })
  const [, parent = '', name = ''] = /^\s*(\d+)\s+(.*?)\s*$/s.exec(line) ?? []
  return [Number(parent), name]
}
