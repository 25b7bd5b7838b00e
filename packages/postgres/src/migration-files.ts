import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Migration {
  /** The name of its file, `NNNN-name.sql`. */
  name: string
  text: string
  checksum: string
  /** Whether it runs as one transaction, or statement by statement outside any. */
  inTransaction: boolean
}

const directive = '-- migrate:'
const outsideTransaction = `${directive} no transaction`

/**
 * The migrations of a folder in their order.
 * @throws Error with one line that names a file that is no migration, and says why.
 */
export async function readMigrations(folder: URL | string): Promise<Migration[]> {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder)
  const names = (await readdir(path)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(names.map((name) => readMigration(path, name)))
}

async function readMigration(path: string, name: string): Promise<Migration> {
  if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(name)) {
    throw new Error(`${join(path, name)}: a migration is named like 0001-books.sql`)
  }
  // A checkout may have changed the line ends.
  const text = (await readFile(join(path, name), 'utf8')).replaceAll('\r\n', '\n')
  const [first = ''] = text.split('\n')
  const inTransaction = first.trimEnd() !== outsideTransaction
  if (inTransaction && text.includes(directive)) {
    throw new Error(
      `${join(path, name)}: write "${outsideTransaction}" as the first line, alone, or leave "${directive}" out`,
    )
  }
  return { name, text, checksum: createHash('sha256').update(text).digest('hex'), inTransaction }
}

/**
 * The statements of a migration that runs outside a transaction, each ended by a semicolon at the end of a line.
 * Lines before a statement are left empty in front of it, so that PostgreSQL counts positions as in the file.
 */
export function statementsOf(text: string): string[] {
  let lines = 0
  const statements = text.split(/(?<=;)[ \t]*\n/).map((part) => {
    const statement = '\n'.repeat(lines) + part
    lines += part.split('\n').length
    return statement
  })
  return statements.filter((statement) => statement.trim() !== '')
}
