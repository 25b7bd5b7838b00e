import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { filesOf, promised, snippetsOf } from '../readme/snippets.ts'
import { output } from './processes.ts'

const root = join(import.meta.dirname, '../..')
const readme: ReadonlyMap<string, string> = filesOf(snippetsOf(join(root, 'README.md')))

/** What users of the README's snippets install beside the tarball, in the versions of the checkout. */
const beside = ['typescript', 'zod', 'pg', '@types/pg']

/** What a file of the README says that it prints. */
export function promisedBy(file: string): string {
  return promised(readme.get(file) ?? '').join('\n')
}

/** An empty project with the tarball in it, as a stranger would make it. */
export async function createProject(folder: string, tarball: string): Promise<void> {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }\n')
  const versions = beside.map((name) => `${name}@${versionOf(name)}`)
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  await output('npm', ['install', ...quiet, tarball, ...versions], { folder })
}

function versionOf(name: string): string {
  const manifest = join(root, '../../node_modules', name, 'package.json')
  return JSON.parse(readFileSync(manifest, 'utf8')).version
}

/** The files of the README in a folder of their own within the project, each changed by `change`. */
export async function writeReadmeFiles(
  folder: string,
  change: (code: string, file: string) => string = (code) => code,
): Promise<void> {
  await mkdir(folder)
  for (const [name, code] of readme) await writeFile(join(folder, name), change(code, name))
}

/** Compiles them against the declarations, with the strictest reading of these. What others declare may be wrong. */
export async function compile(folder: string): Promise<void> {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    module: 'nodenext',
    target: 'es2022',
    noEmit: true,
    allowImportingTsExtensions: true,
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const printed = await output('npx', ['tsc', '-p', '.'], { folder }).catch((error: Error) => error.message)
  const errors = printed.split('\n').filter((line) => line.includes('error TS'))
  const ours = errors.filter((line) => !/node_modules\/(?!@colophon\/)/.test(line))
  assert.deepEqual(ours, [])
  if (errors.length > 0)
    console.log(`   declarations of others: ${errors.length} errors, such as ${errors[0]}`)
}
