import { arrayOf, textArrayOf } from '../../postgres/array.ts'
import type { Statement } from '../../postgres/batch-writer.ts'

/** A state on its way to its row. */
export interface StoredState {
  taskId: string
  status: string
  /** As `encodeMeta` gives it. */
  meta: Buffer
}

/** All of these in one statement; of one task only the state that is to stay, as a row is written once in a statement. */
export function storeStatement(schema: string, states: readonly StoredState[], lifetime: number): Statement {
  const last = lastOfEach(states)
  let end = 1 // PostgreSQL counts from 1.
  const starts = last.map(({ meta }) => {
    const start = end
    end += meta.length
    return start
  })
  return {
    text: `SELECT ${schema}.store_results($1, $2, $3, $4, $5, $6)`,
    values: [
      textArrayOf(last.map(({ taskId }) => taskId)),
      textArrayOf(last.map(({ status }) => status)),
      arrayOf(starts),
      arrayOf(last.map(({ meta }) => meta.length)),
      Buffer.concat(last.map(({ meta }) => meta)),
      lifetime,
    ],
  }
}

/** In the order of their ids, so that processes which store the same tasks never wait for each other in a circle. */
function lastOfEach(states: readonly StoredState[]): StoredState[] {
  const byTask = new Map<string, StoredState>()
  for (const state of states)
    if (byTask.get(state.taskId)?.status !== 'SUCCESS') byTask.set(state.taskId, state)
  return [...byTask.values()].sort((one, other) => (one.taskId < other.taskId ? -1 : 1))
}
