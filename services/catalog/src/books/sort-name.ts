const suffix = /^(jr|sr|ii|iii|iv|v|phd|md|ma|esq)\.?$/i
const particle = /^(van|von|de|der|den|del|della|di|da|du|le|la|ter|ten|zu|zur|af|av)$/

/**
 * A person's name as a list sorts it: the family name first ("Rowling, J. K.", "van Gogh, Vincent" as
 * "Gogh, Vincent van"). A guess from the order of words that staff can correct; a single word stays.
 */
export function sortName(name: string): string {
  const words = name.trim().split(/\s+/)
  const suffixes: string[] = []
  while (words.length > 2 && suffix.test(words.at(-1) ?? '')) suffixes.unshift(words.pop() ?? '')
  if (words.length < 2 || name.includes(',')) return name.trim()
  const family = words.pop() ?? ''
  const particles: string[] = []
  while (words.length > 1 && particle.test(words.at(-1) ?? '')) particles.unshift(words.pop() ?? '')
  return `${family}, ${[...words, ...particles, ...suffixes].join(' ')}`
}
