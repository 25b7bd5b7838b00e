import type { SubjectDraft } from '../../books/draft.ts'
import { longestLists } from '../../schemas.ts'
import { outOfBounds } from '../fields/bounds.ts'
import { distinctCredits, type NamedCredit } from '../fields/contributors.ts'
import type { Row } from './row.ts'

/** Who is credited in a column; entries that cannot be kept are left out with a warning. */
export function readCredits(
  row: Row,
  column: string,
  parse: (text: string) => NamedCredit[],
): NamedCredit[] | undefined {
  const text = row.text(column)
  if (text === undefined) return undefined
  return kept(row, column, 'contributors', distinctCredits(parse(text)))
}

/** The subjects in a column; entries that cannot be kept are left out with a warning. */
export function readSubjects(
  row: Row,
  column: string,
  parse: (text: string) => SubjectDraft[],
): SubjectDraft[] | undefined {
  const text = row.text(column)
  if (text === undefined) return undefined
  const distinct = new Map(parse(text).map((subject) => [`${subject.scheme} ${subject.code}`, subject]))
  return kept(row, column, 'subjects', [...distinct.values()])
}

function kept<T>(row: Row, column: string, field: 'contributors' | 'subjects', list: T[]): T[] {
  const most = longestLists[field]
  const good = list.filter((entry) => {
    const out = outOfBounds(field, [entry])
    if (out) row.warn(column, `${field}_invalid`, `one of them was left out: ${out}`)
    return !out
  })
  if (good.length > most) row.warn(column, `${field}_too_many`, `only the first ${most} were taken`)
  return good.slice(0, most)
}
