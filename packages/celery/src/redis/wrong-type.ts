import type { Redis } from 'ioredis'
import { CeleryError } from '../errors.ts'
import type { Script } from './script.ts'

/** What a key of Redis holds, as its command `TYPE` calls it. */
export type Kind = 'string' | 'list' | 'set' | 'zset' | 'hash'

/** A key that a command was about, and what it takes that to be. */
export interface Expected {
  key: string
  kind: Kind
}

export function isWrongType(error: unknown): boolean {
  return error instanceof Error && /\bWRONGTYPE\b/.test(error.message)
}

/** What a command with this name takes its key for. */
export function kindOf(command: string): Kind {
  if (/^Z/.test(command)) return 'zset'
  if (/^H/.test(command)) return 'hash'
  if (/^S(?:ADD|REM|MEMBERS)/.test(command)) return 'set'
  return /^[LR]/.test(command) ? 'list' : 'string'
}

/** Redis does not say which key it was: they are looked at. */
export async function explainWrongType(client: Redis, expected: readonly Expected[]): Promise<CeleryError> {
  const found = await Promise.all(expected.map(({ key }) => client.type(key)))
  const wrong = expected.flatMap(({ key, kind }, n) => {
    const held = found[n]
    return held === undefined || held === kind || held === 'none'
      ? []
      : [`the key ${JSON.stringify(key)} holds a ${held}, not a ${kind}`]
  })
  const what = wrong.length > 0 ? wrong.join(', ') : 'a key held something else for a moment'
  const advice =
    'Something else uses that name: take another queue, database or global_keyprefix, or remove the key.'
  return new CeleryError('UNSUPPORTED', `In Redis, ${what}. ${advice}`)
}

export function expectedOf({ kinds }: Script, keys: readonly string[]): Expected[] {
  return keys.map((key, n) => ({ key, kind: kinds[n] ?? kinds.at(-1) ?? 'string' }))
}
