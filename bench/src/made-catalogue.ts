import type { BookDraft } from '../../services/catalog/src/books/draft.ts'

/**
 * A made-up catalogue of any size, the same every time: words, names and subjects come up as often as in real
 * catalogues (Zipf), so that common words are common and rare ones rare. ISBNs are of no registrant.
 */
export function* madeCatalogue(size: number): Generator<BookDraft> {
  const random = generator(42)
  const words = vocabulary(random, 120_000)
  const given = vocabulary(random, 3_000).map(capital)
  const family = vocabulary(random, 60_000).map(capital)
  const publishers = Array.from({ length: 4_000 }, (_, i) => `${capital(words[i * 7 + 3] ?? '')} Press`)
  const subjects = Array.from({ length: 1_200 }, (_, i) => `${capital(words[i + 200] ?? '')} studies`)
  const pick = <T>(list: readonly T[], skew: number) => list[zipf(random(), list.length, skew)] as T
  for (let n = 0; n < size; n++) {
    const length = 1 + Math.floor(random() * random() * 8)
    const title = Array.from({ length }, () => pick(words, 1.05)).join(' ')
    const authors = random() < 0.8 ? 1 : 1 + Math.floor(random() * 3)
    const subject = zipf(random(), subjects.length, 0.9)
    yield {
      isbn13: random() < 0.95 ? isbn13(n) : null,
      title: random() < 0.3 ? `The ${title}` : capital(title),
      subtitle: random() < 0.3 ? `${pick(words, 1.05)} ${pick(words, 1.05)}` : null,
      contributors: Array.from({ length: authors }, () => ({
        name: `${pick(given, 0.8)} ${pick(family, 0.7)}`,
        role: 'author' as const,
      })).filter((credit, i, all) => all.findIndex((other) => other.name === credit.name) === i),
      publisher: { name: pick(publishers, 0.9) },
      language: pick(['eng', 'ger', 'fre', 'spa', 'ita', 'dut', 'swe', 'jpn'], 1.4),
      year: 2026 - Math.floor(random() * random() * 120),
      publishedOn: null,
      format: pick(['paperback', 'hardback', 'ebook', 'audiobook'] as const, 0.8),
      subjects: [{ scheme: 'thema', code: `S${subject}`, text: subjects[subject] ?? '' }],
      description: null,
      pages: 100 + Math.floor(random() * 500),
      price: random() < 0.97 ? { amount: 499 + Math.floor(random() * 3000), currency: 'EUR' } : null,
      coverUrl: null,
      availability: 'available',
      inStock: random() < 0.7,
      // Sales follow Zipf too, over titles in no order.
      popularity: Math.floor(5_000_000 / (1 + random() * size) ** 0.93),
    }
  }
}

/** Mulberry32: small, fast, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A rank from 0 to n - 1 with probability about 1 / rank^s, by inverting the continuous distribution. */
function zipf(u: number, n: number, s: number): number {
  const exponent = 1 - s
  const rank = exponent === 0 ? n ** u : (u * (n ** exponent - 1) + 1) ** (1 / exponent)
  return Math.min(n - 1, Math.floor(rank) - 1)
}

const syllables =
  'ba be bo ca ce co da de di do el en er fa fi ga go ha he in is ka la le li lo ma me mi mo na ne ni no on or pa pe ra re ri ro sa se si so sta ta te ti to tra un va ve vi'.split(
    ' ',
  )

function vocabulary(random: () => number, size: number): string[] {
  const common =
    'the of and a in to love night house history story life war time world secret girl garden'.split(' ')
  const words = new Set<string>(common)
  while (words.size < size) {
    const length = 1 + Math.ceil(random() * 3)
    let word = ''
    for (let i = 0; i < length; i++) word += syllables[Math.floor(random() * syllables.length)]
    words.add(word)
  }
  return [...words]
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function isbn13(n: number): string {
  const body = `9799${String(n).padStart(8, '0')}`
  const sum = [...body].reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0)
  return `${body}${(10 - (sum % 10)) % 10}`
}
