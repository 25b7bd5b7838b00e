import { textArrayOf } from '../../postgres/array.ts'
import { columnKey } from '../../postgres/column-key.ts'
import type { Database, Row } from '../../postgres/database.ts'
import { letterReason } from '../../postgres/letter-reason.ts'
import type { DeadLetter, DeadLetterStore } from '../dead-letter-store.ts'
import { decodeLetter, encodeLetter, letterCursor, pageLimit, readCursor } from '../letter.ts'

/** Milliseconds to wait for PostgreSQL. */
const patienceMs = 10_000
/** It has a column of its own. */
const noBody = Buffer.alloc(0)

/** Dead letters in a table of their own: all of a letter as JSON, but for the body, which is kept byte for byte. */
export function postgresDeadLetters(database: Database, schema: string): DeadLetterStore {
  const table = `${schema}.dead_letters`
  return {
    async add(letter) {
      const { body, ...message } = letter.message
      const text = encodeLetter({ ...letter, message: { ...message, body: noBody } })
      await database.persist(
        `INSERT INTO ${table} (id, died_at, task, queue, letter, body) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO NOTHING`,
        [
          columnKey(letter.id),
          new Date(letter.diedAt),
          keyOrNull(letter.task),
          columnKey(letter.queue),
          text,
          body,
        ],
        patienceMs,
      )
    },
    async list(query = {}) {
      const limit = pageLimit(query)
      const after = query.after === undefined ? undefined : readCursor(query.after)
      const rows = await database.persist(
        `SELECT letter, body FROM ${table}
         WHERE ($1::timestamptz IS NULL OR (died_at, id) > ($1, $2))
           AND ($3::text IS NULL OR task = $3) AND ($4::text IS NULL OR queue = $4)
           AND ($5::text IS NULL OR ${letterReason} = $5)
         ORDER BY died_at, id LIMIT $6`,
        [
          after?.diedAt ?? null,
          columnKey(after?.id ?? ''),
          keyOrNull(query.task),
          keyOrNull(query.queue),
          query.reason ?? null,
          limit + 1,
        ],
        patienceMs,
      )
      const letters = lettersOf(rows.slice(0, limit))
      const last = letters.at(-1)
      return { letters, next: rows.length > limit && last ? letterCursor(last) : undefined }
    },
    async get(id) {
      const [row] = await database.persist(
        `SELECT letter, body FROM ${table} WHERE id = $1`,
        [columnKey(id)],
        patienceMs,
      )
      return row && lettersOf([row])[0]
    },
    async remove(ids) {
      const text = `WITH gone AS (DELETE FROM ${table} WHERE id = ANY ($1) RETURNING 1) SELECT count(*) FROM gone`
      const [row] = await database.persist(text, [textArrayOf(ids.map(columnKey))], patienceMs)
      return Number(row?.[0])
    },
    async count() {
      const [row] = await database.persist(`SELECT count(*) FROM ${table}`, [], patienceMs)
      return Number(row?.[0])
    },
  }
}

function keyOrNull(name: string | undefined): string | null {
  return name === undefined ? null : columnKey(name)
}

function lettersOf(rows: readonly Row[]): DeadLetter[] {
  return rows.flatMap(([text, body]) => {
    const letter = decodeLetter(text as string)
    return letter ? [{ ...letter, message: { ...letter.message, body: body as Buffer } }] : []
  })
}
