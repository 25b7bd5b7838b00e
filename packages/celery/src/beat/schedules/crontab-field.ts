import { CeleryError } from '../../errors.ts'

/** A number, a list of numbers, or Celery's pattern such as `0,8-17/2`; absent or `*` for all. */
export type CrontabField = number | readonly number[] | string

export interface FieldRule {
  /** As the user wrote it, for errors. */
  field: string
  min: number
  max: number
  /** Names of the values from `min` on; three letters of one are enough. */
  names?: readonly string[]
  /** A second number for `min`: Sunday is 0 and 7. */
  alsoMin?: number
}

/**
 * The values that a field stands for, in order. Steps count from the start of their range (every third
 * `dayOfMonth` is 1, 4, 7, ...), and a range whose end is before its start goes round (`22-2`, `sat-mon`).
 *
 * @throws CeleryError BAD_OPTION that names the field.
 * @see https://docs.celeryq.dev/en/stable/reference/celery.schedules.html
 */
export function parseField(value: CrontabField | undefined, rule: FieldRule): number[] {
  if (value === undefined) return span(rule.min, rule.max)
  if (typeof value === 'string')
    return unique(value.split(',').flatMap((part) => parsePart(part.trim(), rule)))
  const values = typeof value === 'number' ? [value] : value
  if (values.length === 0) throw refusal(rule, 'an empty list is never due')
  return unique(values.map((number) => inRange(number, String(number), rule)))
}

const part = /^(?:(?<star>\*)|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d+))?$/

function parsePart(text: string, rule: FieldRule): number[] {
  const { star, from, to, step } = part.exec(text)?.groups ?? {}
  if ((star ?? from) === undefined) throw refusal(rule, `${quote(text)} is not a number, name, range or *`)
  if (step !== undefined && from !== undefined && to === undefined) {
    throw refusal(rule, `${quote(text)} has a step but no range: write ${from}-${rule.max}/${step}`)
  }
  if (step !== undefined && Number(step) === 0) throw refusal(rule, `${quote(text)} has a step of 0`)
  const values = from === undefined ? span(rule.min, rule.max) : range(from, to ?? from, rule)
  return values.filter((_, index) => index % Number(step ?? 1) === 0)
}

function range(from: string, to: string, rule: FieldRule): number[] {
  const first = one(from, rule)
  const last = one(to, rule)
  if (first <= last) return span(first, last).map((value) => wrapped(value, rule))
  const start = wrapped(first, rule)
  return start <= last ? span(start, last) : [...span(start, rule.max), ...span(rule.min, last)]
}

function one(text: string, rule: FieldRule): number {
  if (/^\d+$/.test(text)) return checked(Number(text), text, rule)
  const lower = text.toLowerCase()
  const index = rule.names?.findIndex((name) => lower.length >= 3 && name.startsWith(lower)) ?? -1
  if (index === -1) throw refusal(rule, `${quote(text)} is neither a number nor a name of this field`)
  return rule.min + index
}

function inRange(value: number, text: string, rule: FieldRule): number {
  return wrapped(checked(value, text, rule), rule)
}

function checked(value: number, text: string, rule: FieldRule): number {
  if (Number.isInteger(value) && value >= rule.min && value <= (rule.alsoMin ?? rule.max)) return value
  throw refusal(rule, `${quote(text)} is not from ${rule.min} to ${rule.alsoMin ?? rule.max}`)
}

function wrapped(value: number, rule: FieldRule): number {
  return value === rule.alsoMin ? rule.min : value
}

function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

function unique(values: number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text)
}

function refusal(rule: FieldRule, why: string): CeleryError {
  return new CeleryError('BAD_OPTION', `crontab: ${rule.field}: ${why}.`)
}
