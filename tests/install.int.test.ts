import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
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
  'node_modules/for-tests': { version: '1.0.0', integrity: 'sha512-for-tests', dev: true },
  'node_modules/for-both': { version: '1.0.0', integrity: 'sha512-for-both', devOptional: true },
}
const installed = without(lock, '', 'node_modules/elsewhere', 'node_modules/of-elsewhere')
const installedForStart = without(installed, 'node_modules/for-tests')
const withoutOptional = without(installedForStart, 'node_modules/here', 'node_modules/for-both')
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

function without(packages: Record<string, object>, ...paths: string[]): Record<string, object> {
  return Object.fromEntries(Object.entries(packages).filter(([path]) => !paths.includes(path)))
}

/** Stands for npm: writes down what it is called with, and ends as it is told. */
const npm = `
  require('node:fs').writeFileSync('called', process.argv.slice(2).join(' '))
  process.exit(Number(process.env.NPM_ENDS_WITH ?? 0))`

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'colophon-install-'))
  mkdirSync(join(root, 'scripts'))
  copyFileSync(script, join(root, 'scripts/install.mjs'))
  writeFileSync(join(root, 'npm.cjs'), npm)
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: lock }))
})
afterEach(() => rmSync(root, { recursive: true }))

/** As npm leaves it. */
function install(packages: Record<string, object>): void {
  for (const path of Object.keys(packages)) mkdirSync(join(root, path), { recursive: true })
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }))
}

/** Runs what npm runs before `npm start` or `npm test`, with what npm's settings are in the environment. */
function runBefore(command: 'start' | 'test', settings: Record<string, string> = {}) {
  const { NODE_ENV: _, npm_config_omit: __, ...rest } = process.env
  const env = { ...rest, npm_execpath: join(root, 'npm.cjs'), ...settings }
  const [, file, ...args] = scripts[`pre${command}`].split(' ')
  const { status, stderr } = spawnSync(process.execPath, [join(root, file), ...args], { env })
  const called = join(root, 'called')
  return { status, stderr: String(stderr), npm: existsSync(called) ? readFileSync(called, 'utf8') : null }
}

/** Whether `npm start` installs. */
function installs(settings?: Record<string, string>): boolean {
  const { status, npm } = runBefore('start', settings)
  expect(status).toBe(0)
  return npm !== null
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
    install(without(installed, path))
    expect(installs()).toBe(true)
  })

  it.each([
    ['after `npm ci --omit=dev`', {}],
    ['with NODE_ENV=production, under which npm leaves them out', { NODE_ENV: 'production' }],
    ['with omit=dev in npmrc', { npm_config_omit: 'dev' }],
  ])('installs no development packages %s', (_, settings) => {
    install(installedForStart)
    expect(installs(settings)).toBe(false)
  })

  it('leaves development packages as they are', () => {
    install({ ...installed, 'node_modules/for-tests': { version: '0.9.0', integrity: 'sha512-old' } })
    expect(installs()).toBe(false)
  })

  it('installs optional packages unless npm is set to leave them out', () => {
    install(withoutOptional)
    expect(installs({ npm_config_omit: 'dev\n\noptional' })).toBe(false)
    expect(installs({ npm_config_omit: 'dev' })).toBe(true)
  })

  it('that cannot install says what it needs, and ends', () => {
    const { status, stderr } = runBefore('start', { NPM_ENDS_WITH: '7' })
    expect(status).toBe(7)
    expect(stderr).toContain('npm ci failed (see above). It needs the npm registry, and is tried again')
  })
})

describe('npm test', () => {
  it('installs nothing when development packages are there too', () => {
    install(installed)
    expect(runBefore('test')).toMatchObject({ status: 0, npm: null })
  })

  it.each([
    ['development', installedForStart],
    ['devOptional', without(installed, 'node_modules/for-both')],
    ['optional', { ...withoutOptional, 'node_modules/for-tests': lock['node_modules/for-tests'] }],
  ])('installs %s packages, also where npm is set to leave them out', (_, packages) => {
    install(packages)
    const { status, npm } = runBefore('test', { NODE_ENV: 'production', npm_config_omit: 'optional' })
    expect(status).toBe(0)
    expect(npm).toMatch(/^ci .* --include=dev --include=optional$/)
  })
})
