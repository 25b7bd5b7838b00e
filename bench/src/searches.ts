import type { BookListQuery } from '../../services/catalog/src/search/list-page.ts'

/** A kind of search people make, as the query of GET /api/books. */
export interface Search {
  name: string
  query: Omit<BookListQuery, 'cursor' | 'limit'>
  /** Which page of it. */
  page?: number
  /** Why it may read more than the bound of search.ts. */
  mayReadMore?: string
}

/** Thirty searches of real kinds over the made-up catalogue (made-catalogue.ts). */
export const searches: readonly Search[] = [
  { name: 'no words: front page', query: {} },
  { name: 'no words, page 50', query: {}, page: 50 },
  { name: 'newest', query: { sort: 'newest' } },
  { name: 'title', query: { sort: 'title' } },
  { name: 'title, page 50', query: { sort: 'title' }, page: 50 },
  { name: 'price', query: { sort: 'price' } },
  { name: 'dearest', query: { sort: '-price' } },
  { name: 'commonest word', query: { q: 'the ' } },
  { name: 'common word', query: { q: 'love ' } },
  { name: 'common word, page 20', query: { q: 'love ' }, page: 20 },
  { name: 'two common words', query: { q: 'the night' } },
  { name: 'three common words', query: { q: 'the house and garden' } },
  { name: 'rare word', query: { q: 'tamolira ' } },
  { name: 'middling word', query: { q: 'secret ' } },
  { name: 'prefix of two letters', query: { q: 'ta' } },
  { name: 'prefix of four letters', query: { q: 'tamo' } },
  { name: 'word and prefix', query: { q: 'love ta' } },
  { name: 'author', query: { q: 'mi tadola' } },
  { name: 'typo in a common word', query: { q: 'gardne ' } },
  { name: 'typo in a word and a good one', query: { q: 'histroy love' } },
  { name: 'nonsense', query: { q: 'qqqqzzzz xxkw' } },
  { name: 'ISBN', query: { q: '9799000001230' } },
  { name: 'language', query: { language: 'swe', sort: 'title' } },
  { name: 'year and format, newest', query: { year: '1990..1999', format: 'ebook', sort: 'newest' } },
  { name: 'one old year by price', query: { year: '1912', sort: 'price' } },
  { name: 'subject in stock by popularity', query: { subject: 'thema:S5', inStock: true } },
  { name: 'rare subject by title', query: { subject: 'thema:S1100', sort: 'title' } },
  { name: 'word, language, price range', query: { q: 'life ', language: 'ger', price: '1000..1500' } },
  { name: 'common word by price', query: { q: 'love ', sort: 'price' } },
  { name: 'common word by title, in stock', query: { q: 'war ', sort: 'title', inStock: true } },
  {
    name: 'common word with total and facets',
    query: { q: 'love ', total: true, facets: 'language,year,subject' },
  },
]
