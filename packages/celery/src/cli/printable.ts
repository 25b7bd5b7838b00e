/** What a terminal acts on in place of showing it: control characters, separators of lines, changes of direction. */
const acting = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
const names: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Foreign text on one line, with what a terminal would act on as JSON writes it. */
export function oneLine(text: string): string {
  return text.replace(acting, escaped)
}

/** As `oneLine`, of text that is laid out in lines. */
export function printable(text: string): string {
  return text.replace(acting, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  )
}

function escaped(character: string): string {
  return names[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
