import type { Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { tidy } from '../books/draft.ts'
import { queueReindex } from '../books/reindex-books.ts'
import type { CatalogDeps } from '../deps.ts'
import { nameWords } from '../names/name-words.ts'
import { recordNameChange } from '../names/record-change.ts'
import { lockSubject, subjectColumns } from './find-subject.ts'
import type { Subject, SubjectInput } from './schemas.ts'

/**
 * Gives a subject another text; its books follow soon. The same text again leaves the version.
 * @param checkVersion throws when the version is not the one the client has seen
 * @throws Problem subject_not_found
 */
export async function renameSubject(
  deps: CatalogDeps,
  actor: Identity,
  id: string,
  input: SubjectInput,
  checkVersion: (version: number) => void,
): Promise<Subject> {
  const text = tidy(input.text)
  const subject = await deps.database.transaction(async (tx) => {
    const before = await lockSubject(tx, id)
    checkVersion(before.version)
    if (before.text === text) return before
    await queueReindex(tx, sql`select book_id from catalog.book_subjects where subject_id = ${id}`)
    const at = deps.now()
    const after = await tx.one<Subject>(sql`
      update catalog.subjects as named
      set text = ${text}, words = ${nameWords(before.code, text)}::tsvector,
        version = version + 1, updated_at = ${at}
      where id = ${id} returning ${subjectColumns}`)
    await recordNameChange(tx, { kind: 'subject', actor, at, before, after })
    return after
  })
  deps.reindexSoon()
  return subject
}
