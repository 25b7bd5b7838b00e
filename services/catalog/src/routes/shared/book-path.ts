import Type from 'typebox'

/** The part of a path that names a book. */
export const bookPath = Type.Object({
  book: Type.String({
    minLength: 1,
    maxLength: 60,
    description: "A book's id, or its ISBN in any written form",
    examples: ['9780439023481', '0-439-02348-3'],
  }),
})
