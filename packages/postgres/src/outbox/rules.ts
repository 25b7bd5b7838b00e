import { withoutSecrets } from '@colophon/runtime'
import { describeError } from '../errors.ts'
import type { OutboxRow } from './message.ts'

/** How a relay judges what `publish` threw. */
export interface FailureRules {
  isUnpublishable(error: unknown): boolean
  /** After so many attempts in vain a row is parked. */
  maxAttempts: number
  /** Milliseconds until a row is tried again that was tried so often. */
  retryMs(attempts: number): number
}

/** What becomes of a row that could not be published. */
export interface Failure {
  row: OutboxRow
  attempts: number
  error: string
  /** Milliseconds until it is tried again; null when it is parked. */
  retryMs: number | null
}

export function judge(row: OutboxRow, error: unknown, rules: FailureRules): Failure {
  const attempts = row.attempts + 1
  const isGivenUp = attempts >= rules.maxAttempts || rules.isUnpublishable(error)
  return { row, attempts, error: shortText(error), retryMs: isGivenUp ? null : rules.retryMs(attempts) }
}

/** A second, doubled for each attempt up to a minute; up to a half less, so that rows do not come back all at once. */
export function retryMs(attempts: number, random: () => number = Math.random): number {
  return Math.min(60_000, 1_000 * 2 ** (attempts - 1)) * (1 - random() / 2)
}

/** Milliseconds until the broker is tried again that was away so many times in a row. */
export function awayMs(times: number): number {
  return Math.min(15_000, 1_000 * 2 ** (times - 1))
}

/** What was said last of why nothing is published, and when, in milliseconds. */
export interface Said {
  reason: string
  at: number
}

/** Milliseconds after which a fault is told again. */
const sayAgainMs = 5 * 60_000

/** Whether there is anything to say: of what passes by itself once, of a fault again and again while it lasts. */
export function isToBeSaid(now: Said, passes: boolean, last: Said | undefined): boolean {
  return now.reason !== last?.reason || (!passes && now.at - last.at >= sayAgainMs)
}

const maxErrorLength = 500

/**
 * What an error says, as PostgreSQL takes it: without secrets, bounded, without U+0000 and halves of surrogate pairs,
 * be it that the bound cuts one in two. For what it does not take, the whole batch would not be written down.
 */
function shortText(error: unknown): string {
  const text = String(withoutSecrets(describeError(error)))
  return text.replaceAll('\0', '\uFFFD').slice(0, maxErrorLength).toWellFormed()
}
