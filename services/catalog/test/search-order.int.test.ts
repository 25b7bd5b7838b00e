import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook } from './support/books.ts'
import { openLibrary } from './support/library.ts'
import { allOf, pageOf } from './support/listing.ts'

let shop: CatalogHarness
let library: Book[]

beforeAll(async () => {
  shop = await startCatalog()
  library = await openLibrary(shop)
})

afterAll(() => shop.stop())

const titles = (books: Book[]) => books.map(({ title }) => title)
const by = ({ title, contributors: [first] }: Book) => `${title}, ${first?.name}`

describe('relevance', () => {
  it('puts titles that are the query first, the popular before the unpopular, then the rest', async () => {
    expect((await allOf(shop, { q: 'the hobbit' })).map(by).slice(0, 2)).toEqual([
      'The Hobbit, J.R.R. Tolkien',
      'The Hobbit, Chuck Dixon',
    ])
    expect((await allOf(shop, { q: 'Emma' })).map(by)).toEqual([
      'Emma, Jane Austen',
      'Emma, Alexander McCall Smith',
    ])
  })

  it('puts a word of the title before one of the subject, however popular the latter', async () => {
    const found = titles(await allOf(shop, { q: 'hobbit' }))
    expect(found.at(-1)).toBe('On Middle-earth')
    expect(found.slice(0, 4)).toEqual(expect.arrayContaining(['The Hobbit', 'A Hobbit’s Travels']))
  })

  it('puts the popular before the unpopular where the words stand alike', async () => {
    expect(titles(await allOf(shop, { q: 'tolkien' }))).toEqual([
      'The Hobbit',
      'The Fellowship of the Ring',
      'The Two Towers',
      'The Return of the King',
      'The Silmarillion',
    ])
    expect(titles(await allOf(shop, { q: 'harry potter and the' }))[0]).toMatch('Philosopher')
  })

  it('puts a title that is the query first, however unpopular and whatever begins with it', async () => {
    const title = 'Annals of the Exact'
    await addBook(shop, { title: `${title} and Famous`, popularity: 9_000_000 })
    await addBook(shop, { title: `${title}: Again`, popularity: Number.MAX_SAFE_INTEGER })
    await addBook(shop, { title, popularity: 0 })
    const found = titles(await allOf(shop, { q: 'annals of the exact' }))
    expect(found).toEqual([title, `${title}: Again`, `${title} and Famous`])
  })

  it('counts a word once that an apostrophe makes two of, so that what is far more popular comes first', async () => {
    await addBook(shop, { title: 'From Potter’s Field', popularity: 41_000 })
    expect(titles(await allOf(shop, { q: 'potter' }))[0]).toMatch('Philosopher')
  })

  it('lets what is far more popular pass a title that begins with the query, and no article in its way', async () => {
    await addBook(shop, { title: 'Quarrel Makes Me Modern', popularity: 17_000 })
    await addBook(shop, { title: 'The Quarrel Games', popularity: 20_000 })
    await addBook(shop, { title: 'Trial by Quarrel', popularity: 4_000_000 })
    expect(titles(await allOf(shop, { q: 'quarrel' }))).toEqual([
      'Trial by Quarrel',
      'The Quarrel Games',
      'Quarrel Makes Me Modern',
    ])
  })

  it('puts the word itself before words that begin with it', async () => {
    await addBook(shop, { title: 'Lanterns in Fog', popularity: 60_000 })
    await addBook(shop, { title: 'By the Old Lantern', popularity: 50_000 })
    expect(titles(await allOf(shop, { q: 'lantern' }))).toEqual(['By the Old Lantern', 'Lanterns in Fog'])
  })

  it('puts the title that was meant first', async () => {
    expect((await allOf(shop, { q: 'the hobit' })).map(by).slice(0, 2)).toEqual([
      'The Hobbit, J.R.R. Tolkien',
      'The Hobbit, Chuck Dixon',
    ])
    await addBook(shop, { title: 'Frankenstein Forever', popularity: 9_000_000 })
    expect(titles(await allOf(shop, { q: 'frankenstien' }))[0]).toBe('Frankenstein')
  })

  it('is the same whatever case, accents and signs the query has', async () => {
    const first = await allOf(shop, { q: 'harry potter' })
    for (const q of ['HARRY POTTER', 'Hárry-Pötter', ' harry   potter']) {
      expect(await allOf(shop, { q })).toEqual(first)
    }
  })

  it('is popularity where there is nothing to be relevant to', async () => {
    const popular = await allOf(shop, { sort: 'popularity', limit: 100 })
    expect(await allOf(shop, { limit: 100 })).toEqual(popular)
    expect(await allOf(shop, { sort: 'relevance', limit: 100 })).toEqual(popular)
    expect(await allOf(shop, { q: '  ', limit: 100 })).toEqual(popular)
  })
})

describe('in order', () => {
  const order = async (sort: string) => allOf(shop, { sort, limit: 100 })

  it('of popularity, the most popular first', async () => {
    const values = (await order('popularity')).map(({ popularity }) => popularity)
    expect(values).toEqual(values.toSorted((a, b) => b - a))
    expect(values.length).toBeGreaterThanOrEqual(library.length)
  })

  it('of publication, the newest first, a day within its year, what has no date last', async () => {
    const dated = await Promise.all([
      addBook(shop, { title: 'Days A', publishedOn: '1968-12-31' }),
      addBook(shop, { title: 'Days B', publishedOn: '1968-01-02' }),
      addBook(shop, { title: 'Days C', year: 1968 }),
      addBook(shop, { title: 'Days D', year: -4000 }),
      addBook(shop, { title: 'Days E' }),
    ])
    const books = await order('newest')
    const years = books.map(({ year }) => year ?? Number.NEGATIVE_INFINITY)
    expect(years).toEqual(years.toSorted((a, b) => b - a))
    const ids = new Set(dated.map(({ id }) => id))
    expect(titles(books.filter(({ id }) => ids.has(id)))).toEqual([
      'Days A',
      'Days B',
      'Days C',
      'Days D',
      'Days E',
    ])
  })

  it('of price, those without one last in both directions', async () => {
    const up = (await order('price')).map(({ price }) => price?.amount ?? null)
    const down = (await order('-price')).map(({ price }) => price?.amount ?? null)
    const amounts = up.filter((amount) => amount !== null)
    const missing = up.filter((amount) => amount === null)
    expect(missing.length).toBeGreaterThan(0)
    expect(amounts[0]).toBe(0)
    expect(up).toEqual([...amounts.toSorted((a, b) => a - b), ...missing])
    expect(down).toEqual([...amounts.toSorted((a, b) => b - a), ...missing])
  })

  it('of title, each without the article of its language, in the order of its letters', async () => {
    const found = titles(await order('title'))
    const places = [
      '!!!',
      '1984',
      'A',
      'À la recherche du temps perdu',
      'Het Achterhuis',
      'Az ajtó',
      'O Alquimista',
      'La casa de los espíritus',
      'Cien años de soledad',
      'L’Étranger',
      'A Hobbit’s Travels',
      'En man som heter Ove',
      'Les Misérables',
      'Il nome della rosa',
      'The Odyssey',
      'De ontdekking van de hemel',
      'La Peste',
      'Der Prozess',
      'Das Schloß',
      'Sjálfstætt fólk',
      'The',
      'Die Verwandlung',
      'A Wizard of Earthsea',
      'Οδύσσεια',
      'Война и мир',
      'Мастер и Маргарита',
      '雪国',
    ]
    expect(found.filter((title) => places.includes(title) && title !== '!!!')).toEqual(places.slice(1))
    expect(found.slice(0, 2)).toEqual(['!!!', '!!!'])
  })

  it('gives the same books whatever the order', async () => {
    const ids = (books: Book[]) => books.map(({ id }) => id).sort()
    const all = ids(await order('popularity'))
    for (const sort of ['newest', 'title', 'price', '-price']) expect(ids(await order(sort))).toEqual(all)
  })

  it('refuses one that there is not', async () => {
    const answer = await shop.send('GET', '/api/books?sort=colour')
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path: 'sort' }] },
    })
  })
})

describe('a page of a list', () => {
  it('is as long as asked for, twenty when nobody asks', async () => {
    expect((await pageOf(shop, {})).items).toHaveLength(20)
    expect((await pageOf(shop, { limit: 1 })).items).toHaveLength(1)
    expect((await pageOf(shop, { q: 'the ', limit: 7 })).items).toHaveLength(7)
  })

  it('holds books as they are read one by one', async () => {
    for (const book of (await pageOf(shop, { q: 'tolkien' })).items) {
      expect((await shop.send('GET', `/api/books/${book.id}`)).body).toEqual(book)
    }
  })
})
