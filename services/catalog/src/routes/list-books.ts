import { type App, encodeCursor, nullable, page, pageQuery, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'
import { type CatalogDeps, priceView } from '../deps.ts'
import { Book, Format } from '../schemas.ts'
import { pageByRelevance } from '../search/by-relevance.ts'
import { pageBySort, type SortName, sorts } from '../search/by-sort.ts'
import { countBooks } from '../search/count.ts'
import { Facets, facetNames, facetsOf } from '../search/facets.ts'
import { relevanceKeys, relevancePosition, sortedPosition } from '../search/position.ts'
import { type Selection, selectBooks } from '../search/selection.ts'

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
    Type.String({ maxLength: 12, description: 'A year or a range', examples: ['1990..1999'] }),
  ),
  price: Type.Optional(
    Type.String({
      maxLength: 24,
      description: "A range in minor units of the shop's currency",
      examples: ['500..1500'],
    }),
  ),
  inStock: Type.Optional(Type.Boolean()),
  sort: Type.Optional(
    Type.Unsafe<'relevance' | SortName>(
      Type.Enum(['relevance', ...Object.keys(sorts)], {
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
type Query = Static<typeof Query>

const BookPage = Type.Object(
  {
    ...page(Book).properties,
    correctedQuery: Type.Optional(
      nullable(
        Type.String({ description: 'What was searched for, when nothing matched the words as typed' }),
      ),
    ),
    facets: Type.Optional(Facets),
  },
  { title: 'BookPage' },
)

export function listBooks(app: App, deps: CatalogDeps): void {
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
    async ({ query }) => {
      const hasWords = (query.q ?? '').trim() !== ''
      const sort = query.sort === undefined || query.sort === 'relevance' ? 'relevance' : query.sort
      const { selection, ...result } =
        sort === 'relevance' && hasWords
          ? await relevancePage(deps, query)
          : await sortedPage(deps, query, sort === 'relevance' ? 'popularity' : sort)
      return {
        ...result,
        correctedQuery: selection.correctedQuery,
        ...(query.total && (await countBooks(deps.database, selection))),
        ...(query.facets && { facets: await facetsOf(deps.database, selection, query.facets.split(',')) }),
      }
    },
  )
}

interface Result {
  selection: Selection
  items: Book[]
  nextCursor: string | null
}

/** What a cursor belongs to: everything that decides which books come in which order. */
function identity({ total: _, facets: __, ...rest }: Query): unknown {
  return rest
}

async function relevancePage(deps: CatalogDeps, query: Query): Promise<Result> {
  const position = query.cursor ? relevancePosition(query.cursor, identity(query)) : undefined
  const selection = await selectBooks(deps.database, query, position?.correction)
  if (selection.words === null) return sortedPage(deps, query, 'popularity')
  const { correction } = selection
  const start = position ?? { correction, start: null, end: null, after: null }
  const { items, next } = await pageByRelevance(deps.database, selection, start, query.limit, priceView(deps))
  return {
    selection,
    items,
    nextCursor: next && encodeCursor(identity(query), relevanceKeys({ ...next, correction })),
  }
}

async function sortedPage(deps: CatalogDeps, query: Query, sort: SortName): Promise<Result> {
  const position = query.cursor ? sortedPosition(query.cursor, identity(query), sorts[sort].type) : null
  const selection = await selectBooks(deps.database, query, position?.correction)
  const { items, next } = await pageBySort(
    deps.database,
    selection,
    sort,
    position,
    query.limit,
    priceView(deps),
  )
  const keys = next && [selection.correction, next.key, next.id]
  return { selection, items, nextCursor: keys && encodeCursor(identity(query), keys) }
}
