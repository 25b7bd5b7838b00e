import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const script = new URL('../scripts/install.mjs', import.meta.url)
const { platform, arch } = process
const other = platform === 'linux' ? 'darwin' : 'linux'

const lock = {
  '': { name: 'a-checkout' },
  'node_modules/plain': { version: '1.0.0', integrity: 'sha512-plain' },
  'node_modules/here': {
    version: '1.0.0',
    integrity: 'sha512-here',
    optional: true,
    os: [platform],
    cpu: [arch],
  },
  'node_modules/elsewhere': { version: '1.0.0', integrity: 'sha512-elsewhere', optional: true, os: [other] },
  'node_modules/of-elsewhere': { version: '1.0.0', integrity: 'sha512-of-elsewhere', optional: true },
  'node_modules/linked': { resolved: 'packages/linked', link: true },
}
const { '': _, 'node_modules/elsewhere': __, 'node_modules/of-elsewhere': ___, ...installed } = lock

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'colophon-install-'))
  mkdirSync(join(root, 'scripts'))
  copyFileSync(script, join(root, 'scripts/install.mjs'))
  writeFileSync(join(root, 'npm.cjs'), `require('node:fs').writeFileSync('called', process.argv[2])`)
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: lock }))
})
afterEach(() => rmSync(root, { recursive: true }))

/** As npm leaves it. */
function install(packages: Record<string, object>): void {
  for (const path of Object.keys(packages)) mkdirSync(join(root, path), { recursive: true })
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }))
}

/** Whether `npm start` installs. */
function installs(): boolean {
  const env = { ...process.env, npm_execpath: join(root, 'npm.cjs') }
  expect(spawnSync(process.execPath, [join(root, 'scripts/install.mjs')], { env }).status).toBe(0)
  return existsSync(join(root, 'called'))
}

describe('npm start', () => {
  it('installs nothing when all that this machine needs is there, whoever installed it', () => {
    install(installed)
    expect(installs()).toBe(false)
  })

  it('installs nothing for what an older npm does not write down', () => {
    install({ ...installed, 'node_modules/here': { version: '1.0.0', integrity: 'sha512-here' } })
    expect(installs()).toBe(false)
  })

  it('installs when nothing is there', () => {
    expect(installs()).toBe(true)
  })

  it('installs when an installation was cut short', () => {
    install(installed)
    writeFileSync(join(root, 'node_modules/.package-lock.json'), '{"packages": {')
    expect(installs()).toBe(true)
  })

  it('installs when a folder has been removed', () => {
    install(installed)
    rmSync(join(root, 'node_modules/plain'), { recursive: true })
    expect(installs()).toBe(true)
  })

  it.each([
    ['another version', { 'node_modules/plain': { version: '1.0.1', integrity: 'sha512-plain' } }],
    ['another content', { 'node_modules/plain': { version: '1.0.0', integrity: 'sha512-other' } }],
  ])('installs when the lock file names %s', (_, changed) => {
    install({ ...installed, ...changed })
    expect(installs()).toBe(true)
  })

  it.each(['node_modules/plain', 'node_modules/here'])('installs when %s was never installed', (path) => {
    install(Object.fromEntries(Object.entries(installed).filter(([name]) => name !== path)))
    expect(installs()).toBe(true)
  })
})
