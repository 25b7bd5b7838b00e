// Makes the sample catalogue out of goodbooks-10k, to the same bytes every time:
//
//   npm run --silent sample:make path/to/goodbooks-10k/books.csv > services/catalog/sample/books.csv
//
// What is chosen, changed and made up is told in services/catalog/sample/README.md.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type Isbn, repairIsbn } from '@colophon/isbn'
import { parse } from 'csv-parse'
import { titleAndSeries } from '../services/catalog/src/import/fields/series.ts'

/** A row of goodbooks' books.csv, as far as it is used. */
interface Source {
  book_id: string
  isbn: string
  isbn13: string
  authors: string
  original_publication_year: string
  title: string
  language_code: string
  ratings_count: string
  image_url: string
}

interface Candidate {
  isbn: Isbn
  popularity: number
  source: Source
}

const COLUMNS = [
  'recordId',
  'isbn',
  'title',
  'subtitle',
  'contributors',
  'publisher',
  'year',
  'publishedOn',
  'language',
  'format',
  'pages',
  'subjects',
  'description',
  'price',
  'currency',
  'stock',
  'popularity',
  'coverUrl',
] as const

type Row = Record<(typeof COLUMNS)[number], string>

const MOST_POPULAR = 600

/**
 * The book's ISBN where nothing speaks against it. The column `isbn` lost its leading zeros and `isbn13` all but
 * twelve digits: an ISBN that needed repair is believed only if the other column has the same twelve.
 */
function trustedIsbn(source: Source): Isbn | null {
  const read = repairIsbn(source.isbn)
  if (read.kind !== 'valid' && read.kind !== 'repaired') return null
  if (source.isbn13 === '') return read.kind === 'valid' ? read.isbn : null
  const twelveDigits = Number(Number(read.isbn.isbn13).toPrecision(12))
  return twelveDigits === Number(source.isbn13) ? read.isbn : null
}

/** The most popular titles, and of the rest all that are not English or whose title or names have other letters. */
function choose(candidates: Candidate[]): Candidate[] {
  const ranked = candidates.toSorted(
    (a, b) => b.popularity - a.popularity || Number(a.source.book_id) - Number(b.source.book_id),
  )
  const isbns = new Set<string>()
  return ranked.filter(({ isbn, source }, rank) => {
    const foreign = !['', 'eng'].includes(language(source.language_code))
    const accented = /(?![a-z])\p{L}/iu.test(source.title + source.authors)
    if (isbns.has(isbn.isbn13) || !(rank < MOST_POPULAR || foreign || accented)) return false
    isbns.add(isbn.isbn13)
    return true
  })
}

function row({ isbn, popularity, source }: Candidate): Row {
  const { title, series } = titleAndSeries(oneLine(source.title))
  return {
    recordId: `goodbooks-${source.book_id}`,
    isbn: isbn.isbn13,
    title,
    subtitle: series ?? '',
    contributors: [...new Set(source.authors.split(',').map(oneLine))].join('; '),
    year: source.original_publication_year.replace(/\.0$/, ''),
    language: language(source.language_code),
    ...madeUp(isbn),
    popularity: String(popularity),
    coverUrl: source.image_url.includes('/nophoto/') ? '' : source.image_url,
    publisher: '',
    publishedOn: '',
    format: '',
    pages: '',
    subjects: '',
    description: '',
  }
}

/** ISO 639-2/B. goodbooks has these codes already, but for English and Dutch. */
function language(code: string): string {
  if (/^en(-|$)/.test(code)) return 'eng'
  if (code === 'nl') return 'dut'
  if (!/^([a-z]{3})?$/.test(code)) throw new Error(`unknown language ${code}: add it to make-sample.ts`)
  return code
}

/** A price from 4.99 to 34.99 and a stock, 0 for about 8 in 100: from the ISBN, so that they stay. */
function madeUp({ isbn13 }: Isbn): { price: string; currency: string; stock: string } {
  const random = createHash('sha256').update(isbn13).digest()
  const soldOut = random.readUInt32BE(4) % 100 < 8
  return {
    price: `${4 + (random.readUInt32BE(0) % 31)}.99`,
    currency: 'EUR',
    stock: soldOut ? '0' : String(1 + (random.readUInt32BE(8) % 40)),
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function csvLine(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`
}

async function makeSample(path: string): Promise<void> {
  const candidates: Candidate[] = []
  const rows = parse({ columns: true, bom: true })
  await pipeline(createReadStream(path), rows, async (sources: AsyncIterable<Source>) => {
    for await (const source of sources) {
      const isbn = trustedIsbn(source)
      if (isbn) candidates.push({ isbn, popularity: Number(source.ratings_count), source })
    }
  })
  process.stdout.write(csvLine(COLUMNS))
  for (const chosen of choose(candidates)) {
    const fields = row(chosen)
    process.stdout.write(csvLine(COLUMNS.map((column) => fields[column])))
  }
}

try {
  const path = process.argv[2]
  if (path === undefined) throw new Error("give the path of goodbooks-10k's books.csv")
  await makeSample(path)
} catch (error) {
  console.error(`make-sample: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
