import { CeleryError } from '../../errors.ts'
import { textArrayOf } from '../../postgres/array.ts'
import { columnKey } from '../../postgres/column-key.ts'
import type { Database, Row } from '../../postgres/database.ts'
import { decodeJson, encodeJson } from '../../protocol/json.ts'
import type { DeadLetter, DeadLetterPage, DeadLetterQuery, DeadLetterStore } from '../dead-letter-store.ts'

/** Milliseconds to wait for PostgreSQL. */
const patience = 10_000

/** Dead letters in a table of their own: all of a letter as JSON, but for the body, which is kept byte for byte. */
export function postgresDeadLetters(database: Database, schema: string): DeadLetterStore {
  const table = `${schema}.dead_letters`
  return {
    async add({ message: { body, ...message }, ...letter }) {
      const text = encodeJson({ ...letter, message }, 'letter')
      await database.persist(
        `INSERT INTO ${table} (id, died_at, task, queue, letter, body) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO NOTHING`,
        [columnKey(letter.id), letter.diedAt, keyOrNull(letter.task), columnKey(letter.queue), text, body],
        patience,
      )
    },
    async list(query = {}) {
      const { limit, after } = checked(query)
      const rows = await database.persist(
        `SELECT letter, body, died_at || '/' || id FROM ${table}
         WHERE ($1::timestamptz IS NULL OR (died_at, id) > ($1, $2))
           AND ($3::text IS NULL OR task = $3) AND ($4::text IS NULL OR queue = $4)
         ORDER BY died_at, id LIMIT $5`,
        [after.diedAt, after.id, keyOrNull(query.task), keyOrNull(query.queue), limit + 1],
        patience,
      )
      return pageOf(rows, limit)
    },
    async get(id) {
      const [row] = await database.persist(
        `SELECT letter, body FROM ${table} WHERE id = $1`,
        [columnKey(id)],
        patience,
      )
      return row && letterFrom(row)
    },
    async remove(ids) {
      const text = `WITH gone AS (DELETE FROM ${table} WHERE id = ANY ($1) RETURNING 1) SELECT count(*) FROM gone`
      const [row] = await database.persist(text, [textArrayOf(ids.map(columnKey))], patience)
      return Number(row?.[0])
    },
    async count() {
      const [row] = await database.persist(`SELECT count(*) FROM ${table}`, [], patience)
      return Number(row?.[0])
    },
  }
}

function keyOrNull(name: string | undefined): string | null {
  return name === undefined ? null : columnKey(name)
}

interface Place {
  diedAt: string | null
  id: string
}

function checked({ limit = 50, after }: DeadLetterQuery): { limit: number; after: Place } {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new CeleryError('BAD_OPTION', 'limit must be a whole number from 1 to 1,000')
  if (after === undefined) return { limit, after: { diedAt: null, id: '' } }
  const [, diedAt, id] = /^(\d{4,6}-\d\d-\d\d [\d:.+-]+)\/(.+)$/.exec(after) ?? []
  if (diedAt === undefined || id === undefined)
    throw new CeleryError('BAD_OPTION', 'after must be the `next` of the page before')
  return { limit, after: { diedAt, id } }
}

function pageOf(rows: Row[], limit: number): DeadLetterPage {
  const page = rows.slice(0, limit)
  const next = rows.length > limit ? String(page.at(-1)?.[2]) : undefined
  return { letters: page.map(letterFrom), next }
}

function letterFrom(row: Row): DeadLetter {
  const [text, body] = row as [string, Buffer]
  const letter = decodeJson(text) as DeadLetter
  // JSON has no undefined: what was is left out.
  const { taskId, task, error } = letter
  return {
    ...letter,
    taskId,
    task,
    error: { ...error, traceback: error.traceback },
    message: { ...letter.message, body },
  }
}
