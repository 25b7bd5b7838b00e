/** Articles that a title is not shelved under, by ISO 639-2/B language. An apostrophe joins to the next word. */
const articles: Readonly<Record<string, readonly string[]>> = {
  eng: ['the', 'a', 'an'],
  ger: ['der', 'die', 'das', 'ein', 'eine'],
  fre: ['le', 'la', 'les', "l'", 'un', 'une'],
  spa: ['el', 'la', 'los', 'las', 'un', 'una', 'unos', 'unas'],
  ita: ['il', 'lo', 'la', 'i', 'gli', 'le', "l'", 'un', 'uno', 'una', "un'"],
  por: ['o', 'a', 'os', 'as', 'um', 'uma'],
  dut: ['de', 'het', "'t", 'een'],
  swe: ['en', 'ett'],
  nor: ['en', 'et', 'ei'],
  dan: ['en', 'et'],
  hun: ['a', 'az', 'egy'],
  cat: ['el', 'la', 'els', 'les', "l'", 'un', 'una'],
}

/** Long enough to tell titles apart, short enough for an index entry. */
const maxLength = 200

/**
 * The title as a shelf sorts it: without the leading article of its language (English when it has none) and
 * without leading punctuation. How letters compare is left to the database's Unicode collation.
 */
export function titleSort(title: string, language: string | null): string {
  const bare = title.normalize('NFC').replace(/^[^\p{L}\p{N}'’]+/u, '')
  const lower = bare.toLowerCase().replaceAll('’', "'")
  for (const article of articles[language ?? 'eng'] ?? []) {
    const lead = article.endsWith("'") ? article : `${article} `
    const rest = bare.slice(lead.length).replace(/^[^\p{L}\p{N}]+/u, '')
    if (lower.startsWith(lead) && rest !== '') return cut(rest)
  }
  return cut(bare.replace(/^['’]+/, '') || title)
}

function cut(text: string): string {
  return text.length <= maxLength ? text : text.slice(0, maxLength).toWellFormed()
}
