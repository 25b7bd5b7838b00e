import type { BookListQuery } from '../../services/catalog/src/search/list-page.ts'

/** A kind of search people make, as the query of GET /api/books. */
export interface Search {
  name: string
  query: Omit<BookListQuery, 'cursor' | 'limit'>
  /** Which page of it. */
  page?: number
  /** In place of the usual bound of search.ts: how many pages of 8 kB it may read, and why it needs to. */
  mayRead?: { pages: number; because: string }
}

/** Searches of real kinds over the made-up catalogue (made-catalogue.ts). */
export const searches: readonly Search[] = [
  { name: 'no words: front page', query: {} },
  { name: 'no words, page 50', query: {}, page: 50 },
  { name: 'newest', query: { sort: 'newest' } },
  { name: 'title', query: { sort: 'title' } },
  { name: 'title, page 50', query: { sort: 'title' }, page: 50 },
  { name: 'price', query: { sort: 'price' } },
  { name: 'dearest', query: { sort: '-price' } },
  {
    name: 'commonest word',
    query: { q: 'the ' },
    mayRead: {
      pages: 32_000,
      because:
        'some twenty thousand made-up titles are that word alone: the 500 most popular of them are to be found',
    },
  },
  { name: 'common word', query: { q: 'love ' } },
  { name: 'common word, page 20', query: { q: 'love ' }, page: 20 },
  {
    name: 'two common words',
    query: { q: 'the night' },
    mayRead: {
      pages: 28_000,
      because: 'many books have either word, and the 500 most popular with both are to be found among them',
    },
  },
  { name: 'three common words', query: { q: 'the house and garden' } },
  { name: 'rare word', query: { q: 'tamolira ' } },
  {
    name: 'middling word',
    query: { q: 'secret ' },
    mayRead: {
      pages: 26_000,
      because: 'too few have it to meet 500 soon in the order of popularity: most of them are read',
    },
  },
  { name: 'prefix of two letters', query: { q: 'ta' } },
  { name: 'prefix of four letters', query: { q: 'tamo' } },
  { name: 'word and prefix', query: { q: 'love ta' } },
  { name: 'author', query: { q: 'mi tadola' } },
  {
    name: 'typo in a common word',
    query: { q: 'gardne ' },
    mayRead: {
      pages: 15_000,
      because:
        'all words one edit away are looked up by their key, and then those that are alike by trigrams',
    },
  },
  { name: 'typos in two words', query: { q: 'lvoe hosue' } },
  { name: 'typo in a word and a good one', query: { q: 'histroy love' } },
  { name: 'nonsense', query: { q: 'qqqqzzzz xxkw' } },
  { name: 'ISBN', query: { q: '9799000001230' } },
  { name: 'language', query: { language: 'swe', sort: 'title' } },
  {
    name: 'year and format, newest',
    query: { year: '1990..1999', format: 'ebook', sort: 'newest' },
    mayRead: {
      pages: 28_000,
      because: 'all books of those years in that format are read and then sorted',
    },
  },
  { name: 'one old year by price', query: { year: '1912', sort: 'price' } },
  { name: 'subject in stock by popularity', query: { subject: 'thema:S5', inStock: true } },
  { name: 'rare subject by title', query: { subject: 'thema:S1100', sort: 'title' } },
  { name: 'word, language, price range', query: { q: 'life ', language: 'ger', price: '1000..1500' } },
  { name: 'common word by price', query: { q: 'love ', sort: 'price' } },
  { name: 'common word by title, in stock', query: { q: 'war ', sort: 'title', inStock: true } },
  {
    name: 'common word with total and facets',
    query: { q: 'love ', total: true, facets: 'language,year,subject' },
    mayRead: {
      pages: 40_000,
      because:
        'up to 30,000 books, of more the 1,000 most popular, are read with their subjects to be counted',
    },
  },
  {
    name: 'facets of a middling word',
    query: { q: 'secret ', facets: 'language,year,subject' },
    mayRead: {
      pages: 50_000,
      because: 'all of its books, as they are fewer than 30,000, are read with their subjects to be counted',
    },
  },
]
