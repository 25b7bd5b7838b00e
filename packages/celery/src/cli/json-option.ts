import { encodeJson } from '../protocol/json.ts'
import { UsageError } from './io.ts'

export function jsonList(text: string): unknown[] {
  const value = parse(text)
  if (!Array.isArray(value)) throw new UsageError(`${text}: a JSON list was expected, such as '[2, 3]'`)
  return value
}

export function jsonObject(text: string): Record<string, unknown> {
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${text}: a JSON object was expected, such as '{"x": 2}'`)
  }
  return value as Record<string, unknown>
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${text}: it is not JSON`)
  }
}

/** A value of a task's as JSON, with what JSON has no form for as Celery writes it. */
export function shownJson(value: unknown): string {
  return encodeJson(value ?? null)
}
