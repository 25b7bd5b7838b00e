import type { Book } from '../schemas.ts'
import type { BookDraft } from './draft.ts'
import { type FieldGroup, fieldGroups, groupNames } from './field-groups.ts'
import type { ResolvedDraft } from './resolve-names.ts'

/** Per changed field, what it was and what it is. */
export type Changes = Partial<Record<keyof ResolvedDraft, [before: unknown, after: unknown]>>

/** What storing `after` would change in the book as it is. */
export function changesBetween(before: Book, after: ResolvedDraft): Changes {
  const changes: Changes = {}
  for (const field of groupNames.flatMap((group) => fieldGroups[group])) {
    const now = publicForm(after, field)
    if (JSON.stringify(before[field]) !== JSON.stringify(now)) changes[field] = [before[field], now]
  }
  return changes
}

/** Subjects are read without their id, in this order of keys. */
function publicForm(draft: ResolvedDraft, field: keyof ResolvedDraft): unknown {
  if (field === 'subjects') return draft.subjects.map(({ scheme, code, text }) => ({ scheme, code, text }))
  if (field === 'price') return draft.price && { amount: draft.price.amount, currency: draft.price.currency }
  return draft[field]
}

/** The groups that the changed fields belong to. */
export function changedGroups(changes: Changes): FieldGroup[] {
  return groupNames.filter((group) => fieldGroups[group].some((field) => field in changes))
}

const unsaid = new Set<unknown>([null, 'unknown', false, 0])

/** The groups a draft says something in: a field left empty is no statement. */
export function statedGroups(draft: BookDraft): FieldGroup[] {
  return groupNames.filter((group) =>
    fieldGroups[group].some((field) => {
      const value = draft[field]
      return Array.isArray(value) ? value.length > 0 : !unsaid.has(value)
    }),
  )
}
