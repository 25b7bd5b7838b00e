import type { SignatureData } from '../protocol/message.ts'
import { bodyOf, isChain, isChord, isGroup, tasksOf } from './data.ts'

/**
 * How many tasks hand in a part of the chord that the canvas belongs to: of a group all, of a chain those of its last
 * step, of a chord those of its body.
 */
export function chordSize(data: SignatureData): number {
  if (isGroup(data)) return tasksOf(data).reduce((sum, task) => sum + chordSize(task), 0)
  if (isChain(data)) {
    const counting = tasksOf(data).findLast((task) => chordSize(task) > 0)
    return counting ? chordSize(counting) : 0
  }
  const body = isChord(data) ? bodyOf(data) : undefined
  return body ? chordSize(body) : 1
}
