import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const bin = new URL('../bin/colophon.js', import.meta.url)
const advice =
  'colophon: what it needs is not installed: run `npm ci --ignore-scripts=false` in the checkout first.\n'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'colophon-not-installed-'))
  for (const folder of ['bin', 'src']) mkdirSync(join(root, 'apps/colophon', folder), { recursive: true })
  copyFileSync(bin, join(root, 'apps/colophon/bin/colophon.js'))
  writeFileSync(join(root, 'package.json'), '{"type": "module"}')
})
afterEach(() => rmSync(root, { recursive: true }))

/** Runs the command of a checkout whose program is `main`. */
function colophon(main: string, node: string) {
  writeFileSync(join(root, 'apps/colophon/src/main.ts'), main)
  const versions = `{ ...process.versions, node: '${node}' }`
  const version = `Object.defineProperty(process, 'versions', { value: ${versions} })`
  const args = ['--import', `data:text/javascript,${encodeURIComponent(version)}`]
  const { status, stderr } = spawnSync(process.execPath, [
    ...args,
    join(root, 'apps/colophon/bin/colophon.js'),
  ])
  return { status, stderr: String(stderr) }
}

describe('a checkout in which nothing is installed', () => {
  it.each(['20.19.0', '22.12.0', '24.21.0'])('says so in one line on Node %s, and what to do', (node) => {
    expect(colophon("import 'commander'", node)).toEqual({ status: 1, stderr: advice })
  })
})

it('a file that is missing in the checkout is told as it is', () => {
  const { status, stderr } = colophon("import './program.ts'", '24.21.0')
  expect(status).toBe(1)
  expect(stderr).toContain('program.ts')
  expect(stderr).not.toContain('npm ci')
})
