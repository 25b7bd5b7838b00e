import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, type Body, isbnFrom, readBook } from './support/books.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})

afterAll(() => shop.stop())

const create = (body: Body) => shop.send('POST', '/api/books', { as: 'staff', body })

function countNames() {
  return shop.test.database.one<{ contributors: number; publishers: number }>(sql`
    select (select count(*) from catalog.contributors) as contributors,
      (select count(*) from catalog.publishers) as publishers`)
}

describe('the names of a new book', () => {
  it('are found again however they are written, and made once', async () => {
    const first = await addBook(shop, {
      title: 'One',
      contributors: [{ name: "Flann O'Brien" }],
      publisher: { name: 'Éditions Gallimard' },
    })
    const before = await countNames()
    for (const name of ['flann o’brien', 'FLANN OʼBRIEN', " Flann  O'Brien "]) {
      const second = await addBook(shop, {
        title: 'Two',
        contributors: [{ name }],
        publisher: { name: 'editions gallimard' },
      })
      expect(second.contributors).toEqual(first.contributors)
      expect(second.publisher).toEqual(first.publisher)
    }
    expect(await countNames()).toEqual(before)
  })

  it('may be given by their ids, in either case', async () => {
    const first = await addBook(shop, {
      title: 'One',
      contributors: [{ name: 'Ida' }],
      publisher: { name: 'Ida & Co' },
    })
    const second = await addBook(shop, {
      title: 'Two',
      contributors: [{ id: first.contributors[0]?.id.toUpperCase(), role: 'editor' }],
      publisher: { id: first.publisher?.id },
    })
    expect(second.contributors).toEqual([{ ...first.contributors[0], role: 'editor' }])
    expect(second.publisher).toEqual(first.publisher)
  })

  it('are one credit when one is the id and one the name of the same person in the same role', async () => {
    const { contributors } = await addBook(shop, { title: 'One', contributors: [{ name: 'Twice Named' }] })
    const twice = [{ id: contributors[0]?.id }, { name: 'twice named' }, { name: 'TWICE-NAMED' }]
    expect((await addBook(shop, { title: 'Two', contributors: twice })).contributors).toEqual(contributors)
  })

  it('may be one person in two roles', async () => {
    const { contributors } = await addBook(shop, {
      title: 'Both',
      contributors: [{ name: 'Tove Jansson' }, { name: 'Tove Jansson', role: 'illustrator' }],
    })
    expect(contributors.map(({ role }) => role)).toEqual(['author', 'illustrator'])
    expect(contributors[0]?.id).toBe(contributors[1]?.id)
  })

  it('may be two hundred, kept in order, and the last is found as well as the first', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `Given${index} Middle${index} Family${index}`)
    const book = await addBook(shop, { title: 'Anthology', contributors: names.map((name) => ({ name })) })
    expect((await readBook(shop, book.id)).contributors.map(({ name }) => name)).toEqual(names)
    for (const name of [names.at(0), names.at(-1)]) {
      const { body } = await shop.send('GET', `/api/books?q=${encodeURIComponent(`${name} `)}`)
      expect(body).toMatchObject({ items: [{ id: book.id }], correctedQuery: null })
    }
  })

  it('give a subject the text it is known by', async () => {
    const subject = { scheme: 'bisac', code: 'FIC000000', text: 'Fiction / General' }
    await addBook(shop, { title: 'One', subjects: [subject] })
    const { subjects } = await addBook(shop, { title: 'Two', subjects: [{ ...subject, text: 'Other' }] })
    expect(subjects).toEqual([subject])
  })
})

describe('an ISBN', () => {
  it('has one book: the second is refused and told which has it', async () => {
    const first = await addBook(shop, { title: 'First', isbn13: isbnFrom(1) })
    for (const isbn13 of [isbnFrom(1), `urn:isbn:${isbnFrom(1)}`, first.isbn10]) {
      const answer = await create({ title: 'Second', isbn13 })
      expect(answer).toMatchObject({ status: 409, body: { code: 'isbn_taken', bookId: first.id } })
      expect(answer.body.detail).toContain('First')
    }
  })

  it('has one book when ten ask for it at once, and the nine are told which', async () => {
    const body = {
      title: 'Race',
      isbn13: isbnFrom(2),
      contributors: [{ name: 'New Here' }],
      publisher: { name: 'New' },
    }
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(body)))
    const won = answers.filter(({ status }) => status === 201)
    const lost = answers.filter(({ status }) => status === 409)
    expect([won.length, lost.length]).toEqual([1, 9])
    expect(new Set(lost.map(({ body }) => body.bookId))).toEqual(new Set([won[0]?.body.id]))
  })
})

describe('many at once', () => {
  it('make the same new names once, whatever the order they name them in', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `Shared Person ${index}`)
    const bodies = Array.from({ length: 24 }, (_, index) => ({
      title: `Together ${names.slice(index % 12).join(' ')}`,
      isbn13: isbnFrom(100 + index),
      contributors: [...names.slice(index % 12), ...names.slice(0, index % 12)].map((name) => ({ name })),
      publisher: { name: `Shared House ${index % 3}` },
      subjects: names.map((_, step) => ({ scheme: 'keyword', code: `shared ${(index * 5 + step) % 12}` })),
    }))
    const answers = await Promise.all(bodies.map(create))
    expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 201))
    const ids = answers.flatMap(({ body }) => body.contributors.map(({ id }: { id: string }) => id))
    expect(new Set(ids).size).toBe(12)
  })
})
