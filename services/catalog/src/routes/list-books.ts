import { type App, nullable, page, pageQuery, uuid } from '@colophon/http'
import Type from 'typebox'
import type { CatalogDeps } from '../deps.ts'
import { Book, Format } from '../schemas.ts'
import { type SortName, sorts } from '../search/by-sort.ts'
import { Facets, facetNames } from '../search/facets.ts'
import { listPage } from '../search/list-page.ts'

/** One number, or a range of which either end may be left open. */
const range = (number: string) => `^(${number}(\\.\\.(${number})?)?|\\.\\.${number})$`

const Query = Type.Object({
  q: Type.Optional(
    Type.String({
      maxLength: 200,
      description:
        'Words of title, subtitle, contributors, publisher and subjects, or an ISBN. Case and accents do not count, the last word may be half typed, and a letter or two may be wrong when nothing matches exactly',
      examples: ['tolkien hob'],
    }),
  ),
  contributor: Type.Optional(uuid({ description: "A contributor's id" })),
  publisher: Type.Optional(uuid({ description: "A publisher's id" })),
  subject: Type.Optional(
    Type.String({ minLength: 1, maxLength: 140, description: "A subject's id, or scheme:code" }),
  ),
  language: Type.Optional(Type.String({ minLength: 2, maxLength: 35, description: 'ISO 639-1 or 639-2' })),
  format: Type.Optional(Format),
  year: Type.Optional(
    Type.String({
      maxLength: 12,
      pattern: range('-?[0-9]{1,4}'),
      description: 'A year, or a range of which either end may be left open',
      examples: ['1990..1999'],
    }),
  ),
  price: Type.Optional(
    Type.String({
      maxLength: 24,
      pattern: range('[0-9]{1,9}'),
      description:
        "A price, or a range of which either end may be left open, in minor units of the shop's currency",
      examples: ['500..1500'],
    }),
  ),
  inStock: Type.Optional(Type.Boolean()),
  sort: Type.Optional(
    Type.Unsafe<'relevance' | SortName>(
      Type.Enum(['relevance', ...Object.keys(sorts)], {
        type: 'string',
        description: 'relevance when there is a q, else popularity; -price is the dearest first',
      }),
    ),
  ),
  total: Type.Optional(Type.Boolean({ description: 'Whether to count the matches' })),
  facets: Type.Optional(
    Type.String({
      maxLength: 100,
      pattern: `^(${facetNames.join('|')})(,(${facetNames.join('|')}))*$`,
      description: `Which counts to give, separated by commas: ${facetNames.join(', ')}`,
      examples: ['language,year'],
    }),
  ),
  ...pageQuery.properties,
})

const BookPage = Type.Object(
  {
    ...page(Book).properties,
    correctedQuery: Type.Optional(
      nullable(
        Type.String({
          description: 'What was searched for, when nothing, or hardly anything, matched the words as typed',
        }),
      ),
    ),
    facets: Type.Optional(Facets),
  },
  { title: 'BookPage' },
)

export function listBooksRoute(app: App, deps: CatalogDeps): void {
  app.get(
    '/api/books',
    {
      config: { access: 'public', problems: ['filter_invalid', 'invalid_cursor'] },
      schema: {
        tags: ['Books'],
        operationId: 'listBooks',
        summary: 'Search and list books',
        querystring: Query,
        response: { 200: BookPage },
      },
    },
    ({ query }) => listPage(deps, query),
  )
}
