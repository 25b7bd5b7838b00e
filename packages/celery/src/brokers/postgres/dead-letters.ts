import { textArrayOf } from '../../postgres/array.ts'
import { columnKey } from '../../postgres/column-key.ts'
import type { Database, Row } from '../../postgres/database.ts'
import { letterReason } from '../../postgres/letter-reason.ts'
import type { DeadLetter, DeadLetterPage, DeadLetterQuery, DeadLetterStore } from '../dead-letter-store.ts'
import { decodeLetter, encodeLetter, letterCursor, pageLimit, readCursor } from '../letter.ts'

/** Milliseconds to wait for PostgreSQL. */
const patienceMs = 10_000
/** It has a column of its own. */
const noBody = Buffer.alloc(0)

/** Dead letters in a table of their own: all of a letter as JSON, but for the body, which is kept byte for byte. */
export class PostgresDeadLetters implements DeadLetterStore {
  readonly #database: Database
  readonly #table: string

  constructor(database: Database, schema: string) {
    this.#database = database
    this.#table = `${schema}.dead_letters`
  }

  async add(letter: DeadLetter): Promise<void> {
    const { body, ...message } = letter.message
    const text = encodeLetter({ ...letter, message: { ...message, body: noBody } })
    const { id, diedAt, task, queue } = letter
    await this.#ask(
      `INSERT INTO ${this.#table} (id, died_at, task, queue, letter, body) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (id) DO NOTHING`,
      [columnKey(id), new Date(diedAt), keyOrNull(task), columnKey(queue), text, body],
    )
  }

  async list(query: DeadLetterQuery = {}): Promise<DeadLetterPage> {
    const limit = pageLimit(query)
    const after = query.after === undefined ? undefined : readCursor(query.after)
    const { task, queue, reason = null } = query
    const place = [after?.diedAt ?? null, columnKey(after?.id ?? '')]
    const rows = await this.#ask(
      `SELECT letter, body FROM ${this.#table}
       WHERE ($1::timestamptz IS NULL OR (died_at, id) > ($1, $2))
         AND ($3::text IS NULL OR task = $3) AND ($4::text IS NULL OR queue = $4)
         AND ($5::text IS NULL OR ${letterReason} = $5)
       ORDER BY died_at, id LIMIT $6`,
      [...place, keyOrNull(task), keyOrNull(queue), reason, limit + 1],
    )
    const letters = lettersOf(rows.slice(0, limit))
    const last = letters.at(-1)
    return { letters, next: rows.length > limit && last ? letterCursor(last) : undefined }
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const text = `SELECT letter, body FROM ${this.#table} WHERE id = $1`
    return lettersOf(await this.#ask(text, [columnKey(id)]))[0]
  }

  async remove(ids: readonly string[]): Promise<number> {
    const text = `WITH gone AS (DELETE FROM ${this.#table} WHERE id = ANY ($1) RETURNING 1) SELECT count(*) FROM gone`
    const [row] = await this.#ask(text, [textArrayOf(ids.map(columnKey))])
    return Number(row?.[0])
  }

  async count(): Promise<number> {
    const [row] = await this.#ask(`SELECT count(*) FROM ${this.#table}`, [])
    return Number(row?.[0])
  }

  #ask(text: string, values: unknown[]): Promise<Row[]> {
    return this.#database.persist(text, values, patienceMs)
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
