import type { SignatureData } from '../protocol/message.ts'
import { bodyOf, isChain, isChord, isGroup, tasksOf } from './data.ts'

/**
 * How many tasks hand in a part of the chord that the canvas, in its simplest form, belongs to: of a group all, of a
 * chain those of its last step, of a chord those of its body. That is none where a group of nothing is at its end.
 */
export function chordSize(data: SignatureData): number {
  if (isGroup(data)) return tasksOf(data).reduce((sum, task) => sum + chordSize(task), 0)
  if (isChain(data)) {
    const last = tasksOf(data).at(-1)
    return last ? chordSize(last) : 0
  }
  const body = isChord(data) ? bodyOf(data) : undefined
  return body ? chordSize(body) : 1
}
