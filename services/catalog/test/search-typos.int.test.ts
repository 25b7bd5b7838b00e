import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadSample } from '../src/sample/load-sample.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, patchBook } from './support/books.ts'
import { allOf, askFor, pageOf } from './support/listing.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
  await loadSample(shop.catalog.deps)
})

afterAll(() => shop.stop())

const titles = async (q: string) => (await allOf(shop, { q })).map(({ title }) => title)

describe('a typo in the sample catalogue', () => {
  it.each([
    ['tolkein', 'tolkien', 'The Hobbit'],
    ['rowlling', 'rowling', 'Harry Potter and the Sorcerer’s Stone'],
    ['agatha cristie', 'agatha christie', 'And Then There Were None'],
    ['harri potter', 'harry potter', 'Harry Potter and the Sorcerer’s Stone'],
    ['hary poter', 'harry potter', 'Harry Potter and the Sorcerer’s Stone'],
    ['harri pott', 'harry pott', 'Harry Potter and the Sorcerer’s Stone'],
    ['steven kign', 'stephen king', 'The Shining'],
    ['steven king', 'stephen king', 'The Shining'],
    ['orwel 1984', 'orwell 1984', '1984'],
    ['dostoevsky', 'dostoyevsky', 'Crime and Punishment'],
    ['dostoyevski', 'dostoyevsky', 'Crime and Punishment'],
    ['hemmingway', 'hemingway', 'The Old Man and the Sea'],
    ['pride and predjudice', 'pride and prejudice', 'Pride and Prejudice'],
    ['lord of the rigns', 'lord of the rings', 'The Fellowship of the Ring'],
    ['lrod of the rings', 'lord of the rings', 'The Fellowship of the Ring'],
    ['teh hobbit', 'the hobbit', 'The Hobbit'],
    ['to kil a mockingbird', 'to kill a mockingbird', 'To Kill a Mockingbird'],
    ['catcher in the rey', 'catcher in the rye', 'The Catcher in the Rye'],
    ['paulo cohelo', 'paulo coelho', 'The Alchemist'],
    ['dan bronw', 'dan brown', 'Angels & Demons'],
    ['game of throns', 'game of thrones', 'A Game of Thrones'],
    ['farenheit 451', 'fahrenheit 451', 'Fahrenheit 451'],
  ])('%s is taken for %s', async (q, correctedQuery, title) => {
    const page = await pageOf(shop, { q })
    expect(page.correctedQuery).toBe(correctedQuery)
    expect(page.items[0]?.title.replace("'", '’')).toBe(title)
    // What it was taken for is what was looked for.
    expect((await pageOf(shop, { q: correctedQuery })).items).toEqual(page.items)
  })

  it.each(['kafka on teh shroe', 'haruki murakmai', 'suzane colins', 'charlote bronte'])(
    'is corrected to words of each book that is found: %s',
    async (q) => {
      const { correctedQuery, items } = await pageOf(shop, { q, limit: 100 })
      expect(items.length).toBeGreaterThan(0)
      for (const { title, contributors } of items) {
        const text = [title, ...contributors.map(({ name }) => name)].join(' ').toLowerCase()
        for (const word of correctedQuery?.split(' ') ?? [q]) {
          expect(text.normalize('NFD').replace(/\p{M}/gu, '')).toContain(word)
        }
      }
    },
  )

  it.each(['gatsbby xqzzv', 'qqqqzzzz xxkw', 'fahrenheit 541'])('is not made up: %s', async (q) => {
    expect(await pageOf(shop, { q })).toMatchObject({ items: [], correctedQuery: null })
  })
})

describe('what a typo is taken for', () => {
  it('is in the most popular books, when several words are as near', async () => {
    await addBook(shop, { title: 'Quorben', popularity: 10 })
    await addBook(shop, { title: 'Quorden', popularity: 1_000_000 })
    await addBook(shop, { title: 'Quorfen', popularity: 100 })
    expect(await pageOf(shop, { q: 'quoren ' })).toMatchObject({ correctedQuery: 'quorden' })
  })

  it('stands beside the other words, however popular others are', async () => {
    await addBook(shop, { title: 'Zelvin Marrod', popularity: 1 })
    await addBook(shop, { title: 'Marrot', popularity: 9_000_000 })
    expect(await pageOf(shop, { q: 'zelvin marroc' })).toMatchObject({ correctedQuery: 'zelvin marrod' })
    expect(await pageOf(shop, { q: 'marroc' })).toMatchObject({ correctedQuery: 'marrot' })
  })

  it('is another word for each of two', async () => {
    await addBook(shop, { title: 'Trelloban', popularity: 1 })
    expect(await titles('treloban trellobann')).toEqual([])
    await addBook(shop, { title: 'Vorrel, Vorrel!', popularity: 1 })
    expect(await titles('vorrel vorrle')).toEqual(['Vorrel, Vorrel!'])
    expect(await titles('vorrle vorrle')).toEqual(['Vorrel, Vorrel!'])
  })

  it('is a whole word before the beginning of one', async () => {
    await addBook(shop, { title: 'Steven Kingsolver', popularity: 9_000_000 })
    expect(await pageOf(shop, { q: 'steven kign' })).toMatchObject({ correctedQuery: 'stephen king' })
    expect(await pageOf(shop, { q: 'steven kingslover' })).toMatchObject({
      correctedQuery: 'steven kingsolver',
    })
  })

  it('is looked for too when few books match, by the beginning of a word alone, and others are far likelier', async () => {
    await addBook(shop, { title: 'Brindel Hopp with Quaysolver', popularity: 1000 })
    const meant = await addBook(shop, { title: 'Something', contributors: [{ name: 'Brendel Quay' }] })
    const found = (q: string) => pageOf(shop, { q })
    expect(await found('brindel quay')).toMatchObject({ correctedQuery: null, items: [{ popularity: 1000 }] })
    await patchBook(shop, meant, { popularity: 10_000 })
    expect(await found('brindel quay')).toMatchObject({
      correctedQuery: 'brendel quay',
      items: [{ id: meant.id }],
    })
    expect(await found('brindel quays')).toMatchObject({ correctedQuery: null })
    expect(await found('brindel hop')).toMatchObject({ correctedQuery: null })
    // Words that some book has as they stand are not doubted, whatever is like them.
    await addBook(shop, { title: 'Brindel of the Quay', popularity: 1 })
    expect(await found('brindel quay')).toMatchObject({ correctedQuery: null })
  })

  it('passes the filters', async () => {
    await addBook(shop, { title: 'Brellado', language: 'ger' })
    await addBook(shop, { title: 'Brelladi', language: 'fre' })
    expect(await pageOf(shop, { q: 'brellad ', language: 'fre' })).toMatchObject({
      correctedQuery: 'brelladi',
    })
  })

  it('is not looked for when only the filters are in the way', async () => {
    await addBook(shop, { title: 'Brellado again', language: 'ger' })
    await addBook(shop, { title: 'Brelladu', language: 'fre' })
    expect(await pageOf(shop, { q: 'brellado', language: 'fre' })).toMatchObject({
      items: [],
      correctedQuery: null,
    })
  })
})

describe('the pages of a corrected query', () => {
  it.each(['relevance', 'title'])(
    'stay with the same words, whatever is stored meanwhile: %s',
    async (sort) => {
      const typo = `xanthipe ${sort}`
      for (let number = 0; number < 9; number++) {
        await addBook(shop, { title: `Xanthippe ${sort} ${number}`, popularity: number })
      }
      const seen = await allOf(shop, { q: typo, sort, limit: 4 }, async (page) => {
        // First what the query says as it was typed, then what it would rather be corrected to.
        if (page === 1) await addBook(shop, { title: `Xanthipe ${sort}`, popularity: 9_000_000 })
        if (page === 2) await addBook(shop, { title: `Xanthipes ${sort}`, popularity: 9_000_000 })
      })
      expect(new Set(seen.map(({ title }) => title)).size).toBe(9)
      expect(seen.every(({ title }) => title.startsWith('Xanthippe'))).toBe(true)
      expect(await pageOf(shop, { q: typo, sort })).toMatchObject({ correctedQuery: null, items: [{}] })
    },
  )

  it('have a cursor that is good for them alone', async () => {
    const { nextCursor } = await pageOf(shop, { q: 'stephen kign', limit: 2 })
    const cursor = nextCursor ?? ''
    for (const wrong of [cursor.slice(1), `${cursor}.`, cursor.slice(0, -4)]) {
      expect(await askFor(shop, { q: 'stephen kign', cursor: wrong })).toMatchObject({
        status: 400,
        body: { code: 'invalid_cursor' },
      })
    }
    expect((await askFor(shop, { q: 'stephen king', cursor })).status).toBe(400)
    const page = await pageOf(shop, { q: 'stephen kign', limit: 2, cursor })
    expect(page).toMatchObject({ correctedQuery: 'stephen king', items: [{}, {}] })
  })
})
