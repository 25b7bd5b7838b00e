import { InvalidArgumentError } from 'commander'
import { decodeJson, encodeJson } from '../protocol/json.ts'

export function jsonList(text: string): unknown[] {
  const value = parse(text)
  if (!Array.isArray(value)) throw new InvalidArgumentError("A JSON list was expected, such as '[2, 3]'.")
  return value
}

export function jsonObject(text: string): Record<string, unknown> {
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError(`A JSON object was expected, such as '{"x": 2}'.`)
  }
  return value as Record<string, unknown>
}

/** As a task reads its arguments: large integers are exact, and Celery's typed values are known. */
function parse(text: string): unknown {
  try {
    return decodeJson(text)
  } catch {
    throw new InvalidArgumentError('It is not JSON: in a shell it goes between single quotes.')
  }
}

/** A value of a task's as JSON, with what JSON has no form for as Celery writes it. */
export function shownJson(value: unknown): string {
  return encodeJson(value ?? null)
}

/** Whatever it is, as JSON for people to read: what JSON has no form for is a text, or left out. */
export function readableJson(value: unknown, indent?: number): string {
  const text = (_key: string, item: unknown) => (typeof item === 'bigint' ? String(item) : item)
  return JSON.stringify(value ?? null, text, indent)
}
