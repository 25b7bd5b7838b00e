import { outOfBounds } from './bounds.ts'
import type { Read } from './read.ts'

/** A day, or only the year when no more is known or certain. */
export interface PublicationDate {
  year: number
  /** ISO date. */
  day: string | null
}

/**
 * A date of publication: ISO (`2008-09-14`, also with a time, `2008-09`, `2008`), ONIX (`20080914`), with
 * dots (`14.9.2008`, day first), or with slashes. Slashes are read where only one reading is a date:
 * `9/14/2008` is, of `9/4/2008` no more than the year is certain.
 */
export function publicationDate(text: string): Read<PublicationDate> {
  const iso =
    /^(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[T ].*)?)?)?$/.exec(text) ?? /^(\d{4})(\d\d)(\d\d)$/.exec(text)
  if (iso) return dated(iso[1], iso[2], iso[3])
  const dotted = /^(\d\d?)\.\s?(\d\d?)\.\s?(\d{4})$/.exec(text)
  if (dotted) return dated(dotted[3], dotted[2], dotted[1])
  const [, first, second, year] = /^(\d\d?)\/(\d\d?)\/(\d{4})$/.exec(text) ?? []
  if (year === undefined) return notADate
  if (Number(first) > 12 || first === second) return dated(year, second, first)
  if (Number(second) > 12) return dated(year, first, second)
  const message = 'may be read in two ways: only the year was taken; write it as 2008-09-14'
  return { value: { year: Number(year), day: null }, remark: { code: 'date_ambiguous', message } }
}

const notADate: Read<PublicationDate> = { problem: 'not a date: write it as 2008-09-14' }

function dated(year?: string, month?: string, date?: string): Read<PublicationDate> {
  if (year === undefined || outOfBounds('year', Number(year))) return notADate
  if (month !== undefined && (Number(month) < 1 || Number(month) > 12)) return notADate
  if (month === undefined || date === undefined) return { value: { year: Number(year), day: null } }
  const day = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`
  const real = new Date(`${day}T00:00:00Z`).getUTCDate() === Number(date)
  return real ? { value: { year: Number(year), day } } : notADate
}
