import Type from 'typebox'

/** The part of a path that names a book whose copies are counted. */
export const stockBookPath = Type.Object({
  book: Type.String({
    minLength: 1,
    maxLength: 60,
    description: "A book's id, or its ISBN in any written form; its id once it is gone from the catalogue",
    examples: ['9780439023481', '0-439-02348-3'],
  }),
})

/** What asking for such a book may answer. */
export const stockBookProblems = ['inventory_not_found', 'inventory_not_tracked'] as const
