/** Letters that Unicode does not decompose but people type as others. */
const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŋ: 'n',
  ĸ: 'k',
  ς: 'σ',
}

/** Accents of European scripts, Arabic vowel marks, Hebrew points: what people leave out when they type. */
const marks = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]/g

/** What stands for an apostrophe: typographic ones, accents by themselves, letters that look like one. */
const apostrophes = /[’‘ʻ-ʿ`′]/g

/** A longer word is cut: nobody types it, and an index entry is bounded. */
const maxWord = 60

/** The text as compared: case, accents and the kind of apostrophe ignored. */
export function fold(text: string): string {
  return text
    .replaceAll('´', "'")
    .normalize('NFKD')
    .replace(apostrophes, "'")
    .replace(marks, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[ßæœøđðþłħıŋĸς]/g, (letter) => letters[letter] ?? letter)
}

/** The key by which two names or titles are the same: their words, single-spaced. */
export function nameKey(name: string): string {
  const words = [...runs(fold(name))].join(' ')
  // A name of signs alone ("!!!") is its own key.
  return (words || fold(name).trim()).slice(0, 200).toWellFormed()
}

const run = /[\p{L}\p{N}\p{M}]+(?:'[\p{L}\p{N}\p{M}]+)*/gu
/** Scripts written without spaces: looked up by pairs of neighbouring characters. */
const unspacedCharacter =
  '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}]'
const unspaced = new RegExp(`${unspacedCharacter}+`, 'gu')
const unspacedPair = new RegExp(`^${unspacedCharacter}{2}$`, 'u')

function* runs(folded: string): Generator<string> {
  for (const [match] of folded.matchAll(run)) yield match
}

/** Words joined by hyphens, which many write as one: Spider-Man. */
const hyphenated = /[\p{L}\p{N}\p{M}][\p{L}\p{N}\p{M}']*(?:[-\u2010\u2011][\p{L}\p{N}\p{M}']+)+/gu

/**
 * The words a text is found by. A word with an apostrophe is found whole (`obrien`) and by its parts
 * (`brien`), initials one by one and together (`jk`), and so are hyphenated words (`spiderman`); unspaced
 * scripts by characters and pairs, which reach over a space or a sign between two names.
 */
export function indexWords(text: string): string[] {
  const words: string[] = []
  let initials = ''
  let last = ''
  for (const word of runs(fold(text))) {
    const characters = [...word]
    const seam = `${last}${characters[0]}`
    if (unspacedPair.test(seam)) words.push(seam)
    last = characters.at(-1) ?? ''
    if (/^\p{L}$/u.test(word)) initials += word
    else {
      if (initials.length > 1) words.push(initials)
      initials = ''
    }
    if (word.includes("'")) words.push(...word.split("'").flatMap((part) => splitUnspaced(part, true)))
    words.push(...splitUnspaced(word.replaceAll("'", ''), true))
  }
  if (initials.length > 1) words.push(initials)
  for (const [compound] of fold(text).matchAll(hyphenated))
    words.push(compound.replaceAll(/[^\p{L}\p{N}\p{M}]/gu, ''))
  return words.map(cut)
}

/** The words a query asks for: each of them must be found. */
export function queryWords(text: string): string[] {
  return [...runs(fold(text))].flatMap((word) => splitUnspaced(word.replaceAll("'", ''), false)).map(cut)
}

function splitUnspaced(word: string, singles: boolean): string[] {
  const pieces: string[] = []
  let end = 0
  for (const match of word.matchAll(unspaced)) {
    if (match.index > end) pieces.push(word.slice(end, match.index))
    end = match.index + match[0].length
    const characters = [...match[0]]
    const pairs = characters.slice(1).map((character, i) => `${characters[i]}${character}`)
    if (singles || pairs.length === 0) pieces.push(...characters)
    pieces.push(...pairs)
  }
  if (end < word.length) pieces.push(word.slice(end))
  return pieces
}

function cut(word: string): string {
  return word.length <= maxWord ? word : word.slice(0, maxWord).toWellFormed()
}
