import { currentContext } from '@colophon/runtime'
import { DatabaseError } from './errors.ts'

/** Milliseconds to the deadline of the running work, if it has one; throws when it has passed. */
export function timeLeft(): number | undefined {
  const deadline = currentContext()?.deadline
  if (deadline === undefined) return undefined
  const left = deadline - Date.now()
  if (left <= 0) throw new DatabaseError('TIMEOUT', 'the deadline passed before the statement was sent')
  return Math.ceil(left)
}

/**
 * The statement timeout to set in place of `current` (0 is none): the time left to the deadline when that is
 * markedly shorter. A quarter more is let pass, as setting it costs the server a statement.
 */
export function tighterTimeout(current: number): number | undefined {
  const left = timeLeft()
  return left !== undefined && (current === 0 || left < current * 0.75) ? left : undefined
}
