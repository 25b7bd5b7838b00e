import { type SubjectDraft, tidy } from '../../books/draft.ts'

/** A keyword's code is itself in lower case, so that two spellings are one subject. */
export function keyword(text: string): SubjectDraft {
  return { scheme: 'keyword', code: text.toLowerCase(), text }
}

/** `scheme:code Text; ...` or plain keywords. */
export function subjects(text: string): SubjectDraft[] {
  return text.split(';').flatMap((part) => {
    const subject = tidy(part)
    if (subject === '') return []
    const coded = /^([a-z][a-z0-9_-]{0,31}):(\S+)(?: (.+))?$/i.exec(subject)
    if (!coded) return [keyword(subject)]
    const [, scheme = '', code = '', name = code] = coded
    return [{ scheme: scheme.toLowerCase(), code, text: name }]
  })
}
