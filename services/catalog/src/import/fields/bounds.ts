import { createCheck, type FieldProblem } from '@colophon/http'
import { fieldSchemas } from '../../schemas.ts'

export type BoundedField = keyof typeof fieldSchemas

/** What the API takes in a field, an import takes too, and nothing else. */
const checks = new Map<string, (value: unknown) => FieldProblem[]>(
  Object.entries(fieldSchemas).map(([field, schema]) => [field, createCheck(schema)]),
)

/** Why a value cannot be stored in a field: "must be a whole number from 1 to 100000"; undefined when it can. */
export function outOfBounds(field: BoundedField, value: unknown): string | undefined {
  return checks.get(field)?.(value)[0]?.message
}
