import type { Statement } from '../../postgres/batch-writer.ts'
import type { Database, Row } from '../../postgres/database.ts'
import { isPassing, refusal } from '../../postgres/errors.ts'
import { decodeJson, encodeJson } from '../../protocol/json.ts'
import type { ChordPart } from '../port.ts'

/**
 * The chords that wait for their parts. How many have arrived is counted in the chord's row, which only one can change at
 * a time: the one whose part makes it whole sees that, and nobody else does.
 */
export class PostgresChords {
  readonly #database: Database
  readonly #schema: string
  /** Seconds since the last part after which a chord is forgotten. */
  readonly #lifetime: number

  constructor(database: Database, schema: string, lifetime: number) {
    this.#database = database
    this.#schema = schema
    this.#lifetime = lifetime
  }

  setSize(groupId: string, size: number): Promise<unknown> {
    const { text, values } = this.#update(groupId, size, 0)
    return this.#database.persist(text, values)
  }

  /** Tried again it may count twice, and the chord would never be whole: so it is tried once. */
  async grow(groupId: string, by: number): Promise<void> {
    const { text, values } = this.#update(groupId, null, by)
    try {
      await this.#database.query(text, values, 10_000)
    } catch (error) {
      throw isPassing(error) ? this.#database.unavailable(error) : refusal(error)
    }
  }

  async add(groupId: string, { taskId, index, state, result }: ChordPart): Promise<ChordPart[] | undefined> {
    const [row] = await this.#database.persist(
      `WITH part AS (
         INSERT INTO ${this.#schema}.chord_parts (group_id, task_id, index, state, result)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1)
       INSERT INTO ${this.#schema}.chords AS c (group_id, arrived, expires_at)
       SELECT $1, (SELECT count(*) FROM part), now() + make_interval(secs => $6)
       ON CONFLICT (group_id) DO UPDATE
       SET arrived = c.arrived + excluded.arrived, expires_at = excluded.expires_at
       RETURNING coalesce(arrived >= size + joined, false)`,
      [groupId, taskId, index ?? null, state, encodeJson(result ?? null, 'result'), this.#lifetime],
    )
    return row?.[0] === true ? this.#parts(groupId) : undefined
  }

  forget(groupId: string): Promise<unknown> {
    return this.#database.persist(
      `WITH chord AS (DELETE FROM ${this.#schema}.chords WHERE group_id = $1)
       DELETE FROM ${this.#schema}.chord_parts WHERE group_id = $1`,
      [groupId],
    )
  }

  #update(groupId: string, size: number | null, by: number): Statement {
    return {
      text: `INSERT INTO ${this.#schema}.chords AS c (group_id, size, joined, expires_at)
        VALUES ($1, $2, $3, now() + make_interval(secs => $4))
        ON CONFLICT (group_id) DO UPDATE
        SET size = coalesce(excluded.size, c.size), joined = c.joined + excluded.joined, expires_at = excluded.expires_at`,
      values: [groupId, size, by, this.#lifetime],
    }
  }

  /**
   * The parts of a chord that is whole. Undefined when it is not any more: whoever else completed it, by a part that was
   * handed in twice, has forgotten it meanwhile, and some parts may be there again since it was sent again.
   */
  async #parts(groupId: string): Promise<ChordPart[] | undefined> {
    const rows = await this.#database.persist(
      `SELECT p.task_id, p.index, p.state, p.result
       FROM ${this.#schema}.chord_parts p JOIN ${this.#schema}.chords c ON c.group_id = p.group_id
       WHERE p.group_id = $1 AND c.arrived >= c.size + c.joined ORDER BY p.index NULLS LAST, p.arrival`,
      [groupId],
    )
    return rows.length > 0 ? rows.map(partFrom) : undefined
  }
}

function partFrom(row: Row): ChordPart {
  const [taskId, index, state, result] = row as [string, number | null, ChordPart['state'], string]
  return { taskId, index: index ?? undefined, state, result: decodeJson(result) }
}
