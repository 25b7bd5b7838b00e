import { Compile } from 'typebox/compile'
import { BookInput } from '../../schemas.ts'

const { title, subtitle, contributors, publisher, year, pages } = BookInput.properties
const { description, price, coverUrl, popularity, subjects } = BookInput.properties

/** What the API takes in a field, an import takes too, and nothing else. */
const validators = {
  title: Compile(title),
  subtitle: Compile(subtitle),
  contributors: Compile(contributors),
  publisher: Compile(publisher),
  year: Compile(year),
  pages: Compile(pages),
  description: Compile(description),
  price: Compile(price),
  coverUrl: Compile(coverUrl),
  popularity: Compile(popularity),
  subjects: Compile(subjects),
}

export type BoundedField = keyof typeof validators

/** Why a value cannot be stored in a field: "must be <= 100000"; undefined when it can. */
export function outOfBounds(field: BoundedField, value: unknown): string | undefined {
  const validator = validators[field]
  return validator.Check(value) ? undefined : validator.Errors(value)[0]?.message
}
