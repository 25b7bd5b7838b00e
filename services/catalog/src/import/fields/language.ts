import { bibliographicLanguage } from '../../books/languages.ts'
import type { Read } from './read.ts'

/** A language by any of its codes or by its English name, as its ISO 639-2/B code. */
export function language(text: string): Read<string> {
  const code = bibliographicLanguage(text) ?? codeOfName(text)
  if (code) return { value: code }
  return { problem: 'no language has this code: write for example "eng" or "de"', code: 'language_unknown' }
}

let codesByName: Map<string, string> | undefined

function codeOfName(name: string): string | undefined {
  codesByName ??= new Map(twoLetterCodes().map((code) => [names.of(code)?.toLowerCase() ?? '', code]))
  const code = codesByName.get(name.toLowerCase())
  return code && bibliographicLanguage(code)
}

const names = new Intl.DisplayNames('en', { type: 'language' })

function twoLetterCodes(): string[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyz']
  return letters
    .flatMap((first) => letters.map((second) => first + second))
    .filter((code) => bibliographicLanguage(code) !== undefined)
}
