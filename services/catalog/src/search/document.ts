import { indexWords } from './words.ts'

/** What a book is found by: words by where they stand, and the things it can be filtered by. */
export interface Findable {
  title: string
  subtitle: string | null
  language: string | null
  year: number | null
  format: string | null
  publisher: { id: string; name: string } | null
  contributors: readonly { id: string; name: string }[]
  subjects: readonly { id: string; text: string }[]
}

export interface SearchDocument {
  /** Text of a tsvector: words with weights, and filter terms. */
  vector: string
  /** The distinct words that a misspelt query may have meant. */
  vocabulary: string[]
}

/** Room for two hundred contributors; and of the 1 MB that a tsvector holds, a third at most. */
const maxWords = 2000

/** The search document of a book. A word that stands in several places counts where it weighs most. */
export function searchDocument(book: Findable): SearchDocument {
  const weights = new Map<string, string>()
  const places: [string, string[]][] = [
    ['A', [book.title]],
    ['B', book.contributors.map((contributor) => contributor.name)],
    ['C', [book.subtitle ?? '']],
    ['D', [book.publisher?.name ?? '', ...book.subjects.map((subject) => subject.text)]],
  ]
  for (const [weight, texts] of places) {
    for (const word of texts.flatMap(indexWords)) {
      if (!weights.has(word) && weights.size < maxWords) weights.set(word, weight)
    }
  }
  const words = [...weights].map(([word, weight], index) => `'${word}':${index + 1}${weight}`)
  const terms = filterTerms(book).map((term) => `'${term}'`)
  return { vector: [...words, ...terms].join(' '), vocabulary: [...weights.keys()].filter(isVocabulary) }
}

function isVocabulary(word: string): boolean {
  return word.length >= 3 && /^\p{L}+$/u.test(word)
}

/** No word begins with `=`, so that a filter term is never found by typing it. */
export const filterTerm = {
  language: (code: string) => `=l${code}`,
  year: (year: number) => `=y${year}`,
  format: (format: string) => `=f${format}`,
  publisher: (id: string) => `=p${shortId(id)}`,
  contributor: (id: string) => `=c${shortId(id)}`,
  subject: (id: string) => `=s${shortId(id)}`,
}

/** The filters are looked up in the same index as the words, so that one intersection answers both. */
function filterTerms(book: Findable): string[] {
  return [
    ...(book.language ? [filterTerm.language(book.language)] : []),
    ...(book.year === null ? [] : [filterTerm.year(book.year)]),
    ...(book.format ? [filterTerm.format(book.format)] : []),
    ...(book.publisher ? [filterTerm.publisher(book.publisher.id)] : []),
    ...book.contributors.map((contributor) => filterTerm.contributor(contributor.id)),
    ...book.subjects.map((subject) => filterTerm.subject(subject.id)),
  ]
}

function shortId(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url')
}
