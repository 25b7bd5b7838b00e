/**
 * The groups of a book's fields that one source speaks for as a whole. What staff wrote stays when a feed
 * comes again; what a feed wrote gives way to a later feed and to staff.
 */
export const fieldGroups = {
  title: ['title', 'subtitle'],
  isbn: ['isbn13'],
  contributors: ['contributors'],
  publisher: ['publisher'],
  publication: ['language', 'year', 'publishedOn', 'format', 'pages'],
  subjects: ['subjects'],
  texts: ['description'],
  price: ['price'],
  cover: ['coverUrl'],
  supply: ['availability', 'inStock'],
  popularity: ['popularity'],
} as const

export type FieldGroup = keyof typeof fieldGroups

export const groupNames = Object.keys(fieldGroups) as FieldGroup[]

/** The name of a field that a source may speak of: every field of a book that is stored as written. */
export type BookField = (typeof fieldGroups)[FieldGroup][number]
