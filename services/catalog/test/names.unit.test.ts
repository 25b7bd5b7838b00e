import { describe, expect, it } from 'vitest'
import { contributorDraft } from '../src/contributors/draft.ts'
import { nameQuery } from '../src/names/name-query.ts'

describe('what is typed to find a name', () => {
  it.each([
    ['tolkien', "'tolkien':*"],
    ['Tolkien ', "'tolkien'"],
    ['J.R.R. Tol', "'j' & 'r' & 'r' & 'tol':*"],
    ["O'Brien", "'obrien':*"],
    ['García Már', "'garcia' & 'mar':*"],
    ['村上春樹', "'村上' & '上春' & '春樹':*"],
    ['村上 春', "'村上' & '春'"],
    ["it's a trap'); drop", "'its' & 'a' & 'trap' & 'drop':*"],
  ])('%s', (typed, query) => {
    expect(nameQuery(typed)).toBe(query)
  })

  it('is no condition when nothing was typed, and one that nothing meets when no word was', () => {
    expect(nameQuery('  ')).toBeNull()
    expect(nameQuery('!?')).toBe('')
  })
})

describe('a contributor in the catalogue’s own forms', () => {
  it('is a person sorted by the family name', () => {
    expect(contributorDraft({ name: '  J. K.  Rowling ' })).toEqual({
      kind: 'person',
      name: 'J. K. Rowling',
      nameKey: 'j k rowling',
      sortName: 'Rowling, J. K.',
      disambiguation: '',
    })
  })

  it('is sorted as staff say, or by its whole name when it is an organisation', () => {
    expect(contributorDraft({ name: 'Yo Yo Ma', sortName: 'Ma, Yo Yo' }).sortName).toBe('Ma, Yo Yo')
    expect(contributorDraft({ name: 'Library of Congress', kind: 'organisation' }).sortName).toBe(
      'Library of Congress',
    )
    expect(contributorDraft({ name: 'Ann Lee', sortName: ' ' }).sortName).toBe('Lee, Ann')
  })
})
