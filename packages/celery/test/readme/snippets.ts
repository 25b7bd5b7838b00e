import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A block of code in a guide. What stands behind its language says what becomes of it: `file=NAME` is that file,
 * `into=NAME` a part of that file, `run` is run while a worker serves the files, and without any it need only compile.
 */
export interface Snippet {
  language: string
  mark: string
  code: string
  /** Where it begins. */
  line: number
}

export function snippetsOf(path: string): Snippet[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map((match) => ({
    language: match[1] ?? '',
    mark: match[2] ?? '',
    code: match[3] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }))
}

/** The files that snippets make up, by their names. */
export function filesOf(snippets: readonly Snippet[]): Map<string, string> {
  const files = new Map<string, string>()
  for (const { mark, code } of snippets) {
    const [, name] = /^(?:file|into)=(.+)$/.exec(mark) ?? []
    if (name) files.set(name, `${files.get(name) ?? ''}${code}\n`)
  }
  return files
}

/** What the comments behind `console.log` say that it prints, in their order; `;` stands between several. */
export function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].flatMap(([, says = '']) => says.split('; '))
}

/** An empty project that has what the checkout has, outside of it. */
export async function createProject(nodeModules: string): Promise<{ folder: string; drop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'celery-readme-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }\n')
  await symlink(nodeModules, join(folder, 'node_modules'))
  return { folder, drop: () => rm(folder, { recursive: true }) }
}

export async function writeFiles(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, text] of files) await writeFile(join(folder, name), text)
}
