import { type Role, tidy } from '../../books/draft.ts'
import { roles } from '../../schemas.ts'

export interface NamedCredit {
  name: string
  role: Role
}

const abbreviations: Readonly<Record<string, Role>> = {
  ed: 'editor',
  eds: 'editor',
  trans: 'translator',
  tr: 'translator',
  illus: 'illustrator',
  ill: 'illustrator',
  photos: 'photographer',
  reader: 'narrator',
}

/** `Name (role); Name`. Where the parentheses name no role, they are a part of the name. */
export function contributors(text: string, roleOfColumn: Role): NamedCredit[] {
  return text.split(';').map((part) => {
    const name = tidy(part)
    const [, bare, inside = ''] = /^(.+?) ?\(([^()]+)\)$/.exec(name) ?? []
    const role = roleOf(inside)
    return bare && role ? { name: bare, role } : { name, role: roleOfColumn }
  })
}

function roleOf(text: string): Role | undefined {
  const word = text.toLowerCase().trim().replace(/\.$/, '')
  return roles.find((role) => role === word || `${role}s` === word) ?? abbreviations[word]
}

/** The credits without empty names and repeats. */
export function distinctCredits(credits: readonly NamedCredit[]): NamedCredit[] {
  const named = credits.filter(({ name }) => name !== '')
  return [...new Map(named.map((credit) => [keyOf(credit), credit])).values()]
}

function keyOf({ name, role }: NamedCredit): string {
  return `${role} ${name.toLowerCase()}`
}
