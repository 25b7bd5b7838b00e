import { constants } from 'node:os'
import { CeleryError } from '../errors.ts'
import type { CommandArguments } from './command.ts'

/** Ids or stamps in one command: as many as a worker remembers. */
export const maxItems = 50_000

export function text(args: CommandArguments, name: string): string {
  const value = optionalText(args, name)
  if (value === undefined) throw new CeleryError('BAD_ARGUMENTS', `${name} is missing`)
  return value
}

/** Undefined for None and for an empty string. */
export function optionalText(args: CommandArguments, name: string): string | undefined {
  const value = args[name]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw new CeleryError('BAD_ARGUMENTS', `${name} must be a string`)
  return value
}

/** One string or a list of them, each once; none for None. */
export function texts(args: CommandArguments, name: string): string[] {
  const value = args[name] ?? []
  const list = Array.isArray(value) ? value : [value]
  if (list.length > maxItems || !list.every((item) => typeof item === 'string'))
    throw new CeleryError('BAD_ARGUMENTS', `${name} must be a string or at most ${maxItems} of them`)
  return [...new Set<string>(list)]
}

/** Python's bool, or 0 or 1, which Flower sends; false for None. */
export function flag(args: CommandArguments, name: string): boolean {
  const value = args[name] ?? false
  if (value === true || value === 1) return true
  if (value === false || value === 0) return false
  throw new CeleryError('BAD_ARGUMENTS', `${name} must be true or false`)
}

export function count(args: CommandArguments, name: string): number {
  const value = args[name] ?? 1
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 10_000)
    throw new CeleryError('BAD_ARGUMENTS', `${name} must be a whole number from 1 to 10000`)
  return value
}

/** Undefined for None. */
export function seconds(args: CommandArguments, name: string): number | undefined {
  const value = args[name] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value > 0 && value < Infinity))
    throw new CeleryError('BAD_ARGUMENTS', `${name} must be a number of seconds above 0`)
  return value
}

/** `SIGTERM`, `term` or 15; `SIGTERM` when it is not said. */
export function signalName(args: CommandArguments, name: string): string {
  const value = args[name] ?? 'SIGTERM'
  const known = Object.entries(constants.signals).find(
    ([signal, number]) => value === number || isNameOf(signal, value),
  )
  if (known === undefined) throw new CeleryError('BAD_ARGUMENTS', `${name} must be a signal such as SIGTERM`)
  return known[0]
}

function isNameOf(signal: string, value: unknown): boolean {
  if (typeof value !== 'string') return false
  const name = value.toUpperCase()
  return signal === name || signal === `SIG${name}`
}
