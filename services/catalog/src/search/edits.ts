import { fold } from './words.ts'

/**
 * Alphabets as ranges of letters, in the form words are compared in (words.ts): what may have been typed in
 * place of a letter, or left out. A word in another script has only its own letters swapped and taken out.
 */
const alphabets = [
  ['a', 'z'],
  ['α', 'ω'],
  ['а', 'ґ'],
  ['א', 'ת'],
  ['ء', 'ي'],
].map(([first = '', last = '']) => lettersBetween(first, last))

function lettersBetween(first: string, last: string): string[] {
  const start = first.charCodeAt(0)
  const codes = Array.from({ length: last.charCodeAt(0) - start + 1 }, (_, i) => start + i)
  return codes.map((code) => String.fromCharCode(code)).filter((letter) => fold(letter) === letter)
}

/**
 * All that one edit makes of a word: two neighbours swapped, a letter put in, taken out, or replaced. Of three
 * letters the last two edits would make just another word.
 */
export function oneEditFrom(word: string): Set<string> {
  const letters = [...word]
  const alphabet = alphabets.find((some) => letters.some((letter) => some.includes(letter))) ?? []
  const edited = slipsFrom(word)
  for (let at = 0; at <= letters.length; at++) {
    const before = letters.slice(0, at).join('')
    const [letter = '', ...rest] = letters.slice(at)
    const behind = rest.join('')
    for (const other of alphabet) {
      edited.add(before + other + letter + behind)
      if (letters.length > 3) edited.add(before + other + behind)
    }
  }
  edited.delete(word)
  return edited
}

/** In a longer word even two slips leave enough trigrams in common to be found by. */
const longestSlipped = 10

/**
 * What two slips make of a word, swapped neighbours or letters too many, which leave few trigrams in common; none
 * of a long word.
 */
export function twoSlipsFrom(word: string): Set<string> {
  if (word.length > longestSlipped) return new Set()
  const slipped = new Set([...slipsFrom(word)].flatMap((once) => [...slipsFrom(once)]))
  slipped.delete(word)
  return slipped
}

function slipsFrom(word: string): Set<string> {
  const letters = [...word]
  const slipped = new Set<string>()
  for (let at = 0; at < letters.length; at++) {
    const before = letters.slice(0, at).join('')
    const [letter = '', next = '', ...rest] = letters.slice(at)
    slipped.add(before + next + letter + rest.join(''))
    if (letters.length > 3) slipped.add(before + next + rest.join(''))
  }
  slipped.delete(word)
  return slipped
}
