// What commands on lists of things that failed have in common.
import { Problem } from '@colophon/http'
import { type Command, InvalidArgumentError } from 'commander'
import { type Io, lineOf } from '../io.ts'
import type { Output } from './options.ts'

/** Options of a list. */
export interface Listing extends Output {
  limit: number
}

export function limited(command: Command): Command {
  return command.option('--limit <number>', 'how many at most, 1 to 10000', limit, 100)
}

/** A command on some by their ids, or on all. */
export function chosen(command: Command): Command {
  return command.argument('[ids...]').option('--all', 'all, or all that the other options leave', false)
}

/** Ends the command as wrong usage unless either ids or all are asked for. */
export function mustChoose(command: Command, ids: readonly unknown[], all: boolean): void {
  if (ids.length > 0 && all) command.error('error: ids and --all exclude each other')
  if (ids.length === 0 && !all) command.error('error: which ones? Give their ids, or --all')
}

interface Page<T> {
  items: T[]
  nextCursor: string | null
}

/** Items page by page, up to a limit; says so when there are more. */
export async function upTo<T>(
  io: Io,
  most: number,
  read: (page: { cursor?: string; limit: number }) => Promise<Page<T>>,
): Promise<T[]> {
  const found: T[] = []
  for (let cursor: string | null = null; ; ) {
    io.interrupted.throwIfAborted()
    const page: Page<T> = await read({
      limit: Math.min(100, most - found.length),
      ...(cursor !== null && { cursor }),
    })
    found.push(...page.items)
    cursor = page.nextCursor
    if (cursor === null) return found
    if (found.length < most) continue
    io.stderr.write(`colophon: there are more than these ${most} (--limit)\n`)
    return found
  }
}

/**
 * Does something to each: one that is refused keeps none behind it from being done; any other error ends it.
 * @throws Error with all refusals, and behind them with what ended it
 */
export async function eachOf<T>(
  { interrupted }: Pick<Io, 'interrupted'>,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const refusals: string[] = []
  for (const item of items) {
    try {
      interrupted.throwIfAborted()
      await work(item)
    } catch (error) {
      const isRefusal = error instanceof Problem && error.status < 500
      if (!isRefusal && refusals.length === 0) throw error
      if (!isRefusal) throw new Error([...refusals, lineOf(error)].join('\n'), { cause: error })
      refusals.push(error.detail)
    }
  }
  if (refusals.length > 0) throw new Error(refusals.join('\n'))
}

function limit(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= 10_000) return value
  throw new InvalidArgumentError('It must be a whole number from 1 to 10000.')
}
