import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')
const manifest = join(root, 'package.json')
/** The checkout's own package.json, while another stands in its place. */
const before = `${manifest}.before-pack`

interface Manifest {
  private?: boolean
  scripts?: unknown
  devDependencies?: unknown
  dependencies: Record<string, string>
  exports: unknown
}

/** What the tarball says of itself: paths of JavaScript, and nothing that only a checkout needs. */
function published(checkout: string): string {
  const { private: _, scripts: __, devDependencies: ___, ...kept } = JSON.parse(checkout) as Manifest
  // The declarations name types of Node's. Any version of these: two in one program would not agree.
  kept.dependencies = { ...kept.dependencies, '@types/node': '*' }
  kept.exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } }
  return `${JSON.stringify(kept, null, 2)}\n`
}

/** Puts the tarball's package.json in the place of the checkout's. */
export function replaceManifest(): void {
  const checkout = readFileSync(manifest, 'utf8')
  writeFileSync(`${manifest}.new`, published(checkout))
  writeFileSync(before, checkout)
  renameSync(`${manifest}.new`, manifest)
}

/** Puts the checkout's package.json back, if it is not there. */
export function restoreManifest(): void {
  if (!existsSync(before)) return
  if (readFileSync(manifest, 'utf8') !== published(readFileSync(before, 'utf8'))) {
    throw new Error(`package.json was changed while it was packed: put in order what it and ${before} say`)
  }
  renameSync(before, manifest)
}
