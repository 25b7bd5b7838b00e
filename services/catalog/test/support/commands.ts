import fc from 'fast-check'
import { expect } from 'vitest'
import type { Answer, CatalogHarness } from '../harness.ts'
import { change } from './books.ts'
import { allOf, pageOf, type Query } from './listing.ts'
import {
  become,
  byPrice,
  byTitle,
  comeBack,
  contentOf,
  expectBook,
  hasWord,
  holderOf,
  input,
  live,
  type Model,
  type ModelBook,
  patch,
  patched,
  words,
} from './model.ts'

type Command = fc.AsyncCommand<Model, CatalogHarness>
type Run = (model: Model, shop: CatalogHarness) => Promise<void>

/** A step; `needsBook` steps run once there is one. */
function step(name: string, run: Run, needsBook = true): Command {
  return { check: ({ books }) => !needsBook || books.length > 0, run, toString: () => name }
}

function pick({ books }: Model, index: number): ModelBook {
  const book = books[index % books.length]
  if (!book) throw new Error('a step that needs a book ran without one')
  return book
}

const show = (value: unknown) => JSON.stringify(value)
const any = fc.nat({ max: 30 })

const create = input.map((written) =>
  step(
    `create ${show(written)}`,
    async (model, shop) => {
      const holder = holderOf(model, written.isbn13 ?? null)
      const answer = await shop.send('POST', '/api/books', { as: 'staff', body: written })
      if (holder && !holder.deleted) return expectTaken(answer, holder)
      expect(answer).toMatchObject({ status: 201 })
      const book = holder ?? { id: answer.body.id, version: 0, deleted: false, content: contentOf(written) }
      if (!holder) model.books.push(book)
      comeBack(book, written)
      expectBook(answer.body, book)
    },
    false,
  ),
)

/** A change of one book as PUT or PATCH, and what the model becomes when it goes through. */
async function edit(
  model: Model,
  shop: CatalogHarness,
  book: ModelBook,
  method: 'PUT' | 'PATCH',
  body: Parameters<typeof patched>[1],
): Promise<void> {
  const answer = await change(shop, method, book, body)
  if (book.deleted) return expect(answer).toMatchObject({ status: 410, body: { code: 'book_deleted' } })
  const holder = holderOf(model, body.isbn13 ?? null)
  if (holder && holder !== book) return expectTaken(answer, holder)
  expect(answer).toMatchObject({ status: 200 })
  const { content } = book
  become(book, method === 'PATCH' ? patched(content, body) : contentOf({ title: '', ...body }, content))
  expectBook(answer.body, book)
  expect(answer.headers.etag).toBe(`"${book.version}"`)
}

function expectTaken(answer: Answer, { id }: ModelBook): void {
  expect(answer).toMatchObject({ status: 409, body: { code: 'isbn_taken', bookId: id } })
}

const patchOne = fc
  .tuple(any, patch)
  .map(([index, body]) =>
    step(`patch ${index} ${show(body)}`, (model, shop) =>
      edit(model, shop, pick(model, index), 'PATCH', body),
    ),
  )

const replace = fc
  .tuple(any, input)
  .map(([index, body]) =>
    step(`replace ${index} ${show(body)}`, (model, shop) =>
      edit(model, shop, pick(model, index), 'PUT', body),
    ),
  )

const remove = any.map((index) =>
  step(`delete ${index}`, async (model, shop) => {
    const book = pick(model, index)
    const headers = { 'if-match': `"${book.version}"` }
    const answer = await shop.send('DELETE', `/api/books/${book.id}`, { as: 'staff', headers })
    expect(answer.status).toBe(book.deleted ? 410 : 204)
    if (book.deleted) return
    book.deleted = true
    book.version++
  }),
)

const stale = fc.tuple(any, input).map(([index, body]) =>
  step(`replace ${index} as of an old version`, async (model, shop) => {
    const { id, version, deleted } = pick(model, index)
    const answer = await change(shop, 'PUT', { id, version: version - 1 }, body)
    expect(answer.status).toBe(deleted ? 410 : 412)
  }),
)

/** Brings a deleted book back by its id; one that is there is left as it is. */
const restore = fc.tuple(any, input).map(([index, written]) =>
  step(`bring back ${index} as ${show(written)}`, async (model, shop) => {
    const book = pick(model, index)
    const headers = { 'if-none-match': '*' }
    const answer = await shop.send('PUT', `/api/books/${book.id}`, { as: 'staff', body: written, headers })
    if (!book.deleted) return expect(answer.status).toBe(412)
    const holder = holderOf(model, written.isbn13 ?? null)
    if (holder && holder !== book) return expectTaken(answer, holder)
    expect(answer).toMatchObject({ status: 201 })
    comeBack(book, written)
    expectBook(answer.body, book)
  }),
)

/** Of two changes that both saw the same version, one goes through. */
const race = any.map((index) =>
  step(`race for ${index}`, async (model, shop) => {
    const book = pick(model, index)
    if (book.deleted) return
    const patches = [1, 2].map((more) => ({ popularity: book.content.popularity + more }))
    const answers = await Promise.all(patches.map((body) => change(shop, 'PATCH', book, body)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    become(book, { ...book.content, ...patches[answers.findIndex(({ status }) => status === 200)] })
  }),
)

const read = any.map((index) =>
  step(`read ${index}`, async (model, shop) => {
    const book = pick(model, index)
    for (const reference of [book.id, book.content.isbn13 ?? book.id]) {
      const answer = await shop.send('GET', `/api/books/${reference}`)
      expect(answer.status).toBe(book.deleted ? 410 : 200)
      if (!book.deleted) expectBook(answer.body, book)
    }
  }),
)

const lists: [string, Query, (a: ModelBook, b: ModelBook) => number][] = [
  ['title', { sort: 'title', limit: 3 }, byTitle],
  ['price', { sort: 'price', limit: 2 }, byPrice],
]

const list = fc.constantFrom(...lists).map(([name, query, order]) =>
  step(
    `list by ${name}`,
    async (model, shop) => {
      const books = await allOf(shop, query)
      const expected = live(model).sort(order)
      expect(books.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
    },
    false,
  ),
)

const search = fc.constantFrom(...words).map((word) =>
  step(
    `search ${word}`,
    async (model, shop) => {
      const page = await pageOf(shop, { q: `${word} `, limit: 100, total: true })
      const expected = live(model).filter((book) => hasWord(book, word))
      // What nothing matches may be forgiven, which is another test's business.
      if (page.correctedQuery !== null) return expect(expected).toEqual([])
      expect(page.items.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort())
      expect(page.total).toBe(expected.length)
    },
    false,
  ),
)

/** Everything that can be done to a catalogue, in any order. */
export const commands = fc.commands(
  [create, create, patchOne, patchOne, replace, remove, restore, stale, race, read, list, search],
  { maxCommands: 30, size: 'max' },
)
