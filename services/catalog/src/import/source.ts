import { staffSource } from '../books/provenance.ts'
import { ImportError } from './import-error.ts'
import type { Layout } from './layouts/layout.ts'

const longest = 100

/**
 * The source of a file's records: as given, else the layout's own, else the file's name without its
 * extension.
 * @throws ImportError source_invalid
 */
export function sourceOf(given: string | undefined, { source }: Layout, fileName: string): string {
  const name = (given ?? source ?? fileName.replace(/(?<=.)\.[^.]*$/, '')).normalize('NFC').trim()
  if (name === '' || name.length > longest || /\p{Cc}/u.test(name) || !name.isWellFormed()) {
    throw new ImportError(
      'source_invalid',
      `a source has a name of 1 to ${longest} characters: give it with --source`,
    )
  }
  if (name === staffSource) {
    throw new ImportError(
      'source_invalid',
      `"${staffSource}" stands for people: name the source otherwise with --source`,
    )
  }
  return name
}
