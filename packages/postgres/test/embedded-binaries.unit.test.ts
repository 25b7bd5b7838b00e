import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { installedBinaries } from '../src/embedded/binaries.ts'

test('a PostgreSQL whose links npm did not make is refused, and says what makes them', () => {
  const root = mkdtempSync(join(tmpdir(), 'embedded-binaries-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const put = (path: string, text: string) => writeFileSync(join(root, path), text)
  mkdirSync(join(root, 'native/lib'), { recursive: true })
  put('package.json', JSON.stringify({ version: '18.4.0' }))
  const whole = { folder: join(root, 'native'), version: '18.4.0' }
  expect(installedBinaries(root)).toEqual(whole)
  const links = [{ source: 'native/lib/a.so.1', target: 'native/lib/a.so' }]
  put('native/pg-symlinks.json', JSON.stringify(links))
  put('native/lib/a.so.1', '')
  expect(() => installedBinaries(root)).toThrow('npm ci --ignore-scripts=false')
  put('native/lib/a.so', '')
  expect(installedBinaries(root)).toEqual(whole)
})
