import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { output } from './processes.ts'

const root = join(import.meta.dirname, '../..')

/** Seconds in which package.json must be the checkout's own again after a pack that failed. */
const restoredWithin = 10

/** Packs the checkout, and returns the tarball's path. */
export async function pack(folder: string): Promise<string> {
  const before = state()
  const printed = await output('npm', ['pack', '--json', '--pack-destination', folder], { folder: root })
  assert.equal(state(), before, 'packing changed the checkout')
  const [, name] = /"filename": "([^"]+)"/.exec(printed) ?? []
  assert.ok(name, printed)
  return join(folder, name)
}

export async function packInVain(folder: string): Promise<void> {
  const before = state()
  const nowhere = join(folder, 'there', 'is', 'no', 'such', 'folder')
  await assert.rejects(output('npm', ['pack', '--pack-destination', nowhere], { folder: root }))
  const deadline = Date.now() + restoredWithin * 1_000
  while (state() !== before && Date.now() < deadline) await pause(100)
  assert.equal(state(), before, 'packing in vain changed the checkout')
}

/** What others change meanwhile is no matter. */
function state(): string {
  const paths = ['package.json', 'README.md', 'docs', 'scripts', 'dist']
  const status = execFileSync('git', ['status', '--porcelain', '--', ...paths], {
    cwd: root,
    encoding: 'utf8',
  })
  return `${status}\n${readFileSync(join(root, 'package.json'), 'utf8')}`
}

/** What is to be in it, and nothing of what only a checkout needs. */
export async function checkContents(tarball: string, folder: string): Promise<void> {
  const listed = await output('tar', ['tzf', tarball], { folder })
  const files = listed.split('\n').map((path) => path.replace('package/', ''))
  const wanted = [
    'dist/index.js',
    'dist/index.d.ts',
    'bin/colophon-celery.js',
    'dist/cli/bin.js',
    'README.md',
    'LICENSE',
    'docs/beat.md',
  ]
  for (const path of wanted) assert.ok(files.includes(path), `${path} is missing`)
  const published = /^(bin\/.*\.js|dist\/.*(\.js|\.d\.ts)|docs\/.*|README\.md|LICENSE|package\.json)$/
  assert.deepEqual(
    files.filter((path) => !published.test(path)),
    [],
    'files that nobody needs',
  )
  const manifest = JSON.parse(await output('tar', ['xzOf', tarball, 'package/package.json'], { folder }))
  for (const field of ['private', 'scripts', 'devDependencies', 'workspaces']) {
    assert.ok(!(field in manifest), `package.json still says ${field}`)
  }
  const ofWorkspace = Object.keys(manifest.dependencies).filter((name) => name.startsWith('@colophon/'))
  assert.deepEqual(ofWorkspace, [])
  const paths = JSON.stringify([manifest.exports, manifest.bin])
  assert.ok(!/\/src\/|(?<!\.d)\.ts"/.test(paths), `package.json names sources: ${paths}`)
  assert.ok(manifest.engines?.node, 'package.json does not say which Node it needs')
}
