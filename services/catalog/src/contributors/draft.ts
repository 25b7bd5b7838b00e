import { tidy } from '../books/draft.ts'
import { sortName } from '../books/sort-name.ts'
import { nameKey } from '../search/words.ts'
import type { Contributor, ContributorInput } from './schemas.ts'

/** A contributor as it is to be stored. */
export interface ContributorDraft {
  kind: Contributor['kind']
  name: string
  /** With the disambiguation, what no other contributor has. */
  nameKey: string
  sortName: string
  /** Empty for most. */
  disambiguation: string
}

/** A contributor in the catalogue's own forms. An organisation is sorted by its name as it is. */
export function contributorDraft(input: ContributorInput): ContributorDraft {
  const { kind = 'person' } = input
  const name = tidy(input.name)
  return {
    kind,
    name,
    nameKey: nameKey(name),
    sortName: tidy(input.sortName ?? '') || (kind === 'person' ? sortName(name) : name),
    disambiguation: tidy(input.disambiguation ?? ''),
  }
}
