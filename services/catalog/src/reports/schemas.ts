import { nullable, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'

/** An author with the number and the mean year of its books, deleted ones left out. */
export const AuthorFigures = Type.Object(
  {
    id: uuid(),
    name: Type.String(),
    books: Type.Integer({ minimum: 1, description: 'Credited as an author in so many' }),
    meanYear: nullable(
      Type.Number({
        description: 'Of their first publication, to two decimals; null when none has a year',
        examples: [1997.33],
      }),
    ),
  },
  { title: 'AuthorFigures', additionalProperties: false },
)
export type AuthorFigures = Static<typeof AuthorFigures>
