// Mails are plain text of short lines, so that nothing in them is ever read as markup.

const width = 72

/** Text from elsewhere as one line: no line breaks or control characters, nor marks that turn its direction round. */
export function oneLine(text: string, maxLength = 300): string {
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
  const characters = [...line]
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength).join('')}...`
}

/** A reason such as "it was not paid in time" as a sentence. */
export function sentence(text: string): string {
  const line = oneLine(text)
  const end = /[.!?]$/.test(line) ? '' : '.'
  return line === '' ? '' : `${line.charAt(0).toUpperCase()}${line.slice(1)}${end}`
}

/** A paragraph in lines of at most 72 characters; longer words stay whole. The second line and those after are indented. */
export function wrapped(text: string, indent = ''): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(line === undefined ? word : `${indent}${word}`)
  }
  return lines.join('\n')
}
