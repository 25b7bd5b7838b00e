import { indexWords } from '../search/words.ts'

/** Text of the tsvector that a name is found by, as the books that carry it are; of a subject, its code and text. */
export function nameWords(...texts: string[]): string {
  return [...new Set(texts.flatMap(indexWords))].map((word) => `'${word}'`).join(' ')
}
