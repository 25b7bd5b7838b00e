import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const source = join(import.meta.dirname, '../../../src')

export interface AppFolder {
  path: string
  file(name: string): string
  /** A module with what an app is made of at hand; its path. */
  writeApp(name: string, text: string): string
}

/** A folder for the modules of a test file, gone when its tests are done. */
export function appFolder(): AppFolder {
  const path = mkdtempSync(join(tmpdir(), 'celery-load-'))
  afterAll(() => rmSync(path, { recursive: true }))
  const file = (name: string) => join(path, name)
  const from = (module: string) => JSON.stringify(join(source, module))
  const head = `import { createCelery } from ${from('create-celery.ts')}
import { createBeat } from ${from('beat/index.ts')}\n`
  const writeApp = (name: string, text: string) => {
    writeFileSync(file(name), head + text)
    return file(name)
  }
  return { path, file, writeApp }
}
