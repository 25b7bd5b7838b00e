import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { requireLinks } from '../src/embedded/binaries.ts'

test('a PostgreSQL whose links npm did not make says so, and with them it runs', () => {
  const root = mkdtempSync(join(tmpdir(), 'embedded-binaries-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const put = (name: string, text: string) => writeFileSync(join(root, 'native', name), text)
  mkdirSync(join(root, 'native', 'lib'), { recursive: true })
  expect(() => requireLinks('a', root)).not.toThrow()
  put('pg-symlinks.json', JSON.stringify([{ source: 'native/lib/a.so.1', target: 'native/lib/a.so' }]))
  put('lib/a.so.1', '')
  expect(() => requireLinks('a', root)).toThrow('npm ci --ignore-scripts=false')
  put('lib/a.so', '')
  expect(() => requireLinks('a', root)).not.toThrow()
})
