const suffix = /^(jr|sr|ii|iii|iv|v|phd|md|ma|esq)\.?$/i
const particle = /^(van|von|de|der|den|del|della|di|da|du|le|la|ter|ten|zu|zur|af|av)$/

/** Names in these scripts begin with the family name, or are written without a space between the two. */
const familyFirst = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u

/** Last words of what is no person: companies, institutions and groups credited by what they are. */
const organisation = new RegExp(
  `^(${[
    'publishing|publishers?|publications|press|books|verlag|éditions|editions|media|magazine',
    'inc|ltd|limited|llc|plc|corp|corporation|company|gmbh|ag|kg|group|studios?',
    'university|college|institute|museum|library|society|association|foundation',
    'staff|editors|team',
  ].join('|')})\\.?$`,
  'i',
)

/**
 * A person's name as a list sorts it: the family name first ("Rowling, J. K.", "van Gogh, Vincent" as
 * "Gogh, Vincent van"). A guess from the order of words that staff can correct; a single word stays, and so do
 * names that are plainly no person's ("DK Publishing") and those in Chinese, Japanese and Korean writing.
 */
export function sortName(name: string): string {
  const words = name.trim().split(/\s+/)
  if (organisation.test(words.at(-1) ?? '') || familyFirst.test(name)) return name.trim()
  const suffixes: string[] = []
  while (words.length > 2 && suffix.test(words.at(-1) ?? '')) suffixes.unshift(words.pop() ?? '')
  if (words.length < 2 || name.includes(',')) return name.trim()
  const family = words.pop() ?? ''
  const particles: string[] = []
  while (words.length > 1 && particle.test(words.at(-1) ?? '')) particles.unshift(words.pop() ?? '')
  return `${family}, ${[...words, ...particles, ...suffixes].join(' ')}`
}
