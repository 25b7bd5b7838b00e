import { decodeJson, encodeJson } from '../../protocol/json.ts'
import { ProtocolError } from '../../protocol/protocol-error.ts'
import type { ChordPart } from '../port.ts'

/** Scores from here on stand for parts without an index, in the order of their arrival. */
const unindexed = 1e15

/** What Celery tells a part by that is handed in twice: task and index, as its repeats may have other results. */
export function partMember({ taskId, index }: ChordPart): string {
  return `${taskId}:${index ?? '+inf'}`
}

export function encodePart({ taskId, state, result }: ChordPart): string {
  return encodeJson([1, taskId, state, result])
}

/** Documents and scores, in turn, as ZRANGE gives them. */
export function decodeParts(reply: readonly unknown[]): ChordPart[] {
  const parts: ChordPart[] = []
  for (let i = 0; i + 1 < reply.length; i += 2) parts.push(decodePart(String(reply[i]), Number(reply[i + 1])))
  return parts
}

function decodePart(text: string, score: number): ChordPart {
  const tuple = decodeJson(text)
  if (!Array.isArray(tuple) || typeof tuple[1] !== 'string' || !isDone(tuple[2])) {
    throw new ProtocolError(
      'undecodable',
      `A part of a chord in Redis is not of Celery's form: ${text.slice(0, 200)}`,
    )
  }
  return {
    taskId: tuple[1],
    index: score < unindexed ? score : undefined,
    state: tuple[2],
    result: tuple[3],
  }
}

function isDone(state: unknown): state is ChordPart['state'] {
  return state === 'SUCCESS' || state === 'FAILURE' || state === 'REVOKED'
}
