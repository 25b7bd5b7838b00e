import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { draftOf } from '../src/books/draft.ts'
import { resolveNames } from '../src/books/resolve-names.ts'
import type { Book } from '../src/schemas.ts'
import { type Answer, type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, isbnFrom, readBook, removeBook } from './support/books.ts'
import { somebodyWaits } from './support/waits.ts'

let shop: CatalogHarness
let count = 0
let written: Book

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

/** A book whose names are about to change. */
beforeEach(async () => {
  count++
  written = await addBook(shop, {
    title: `Written ${count}`,
    contributors: [{ name: `Anna Before${count}` }],
    publisher: { name: `House Before${count}` },
    subjects: [{ scheme: 'keyword', code: `k${count}`, text: `Topic Before${count}` }],
  })
})

/** Runs a statement, sends a request that has to wait for it, and commits. */
async function sendDuring(
  statement: ReturnType<typeof sql>,
  request: () => Promise<Answer>,
): Promise<Answer> {
  const { answer } = await shop.test.database.transaction(async (tx) => {
    await tx.query(statement)
    const answer = request()
    await somebodyWaits(shop)
    return { answer }
  })
  return answer
}

const create = (body: Record<string, unknown>) => shop.send('POST', '/api/books', { as: 'staff', body })

async function found(q: string): Promise<string[]> {
  await shop.catalog.settle()
  const { body } = await shop.send('GET', `/api/books?q=${q}%20`)
  return body.correctedQuery === null ? body.items.map((book: Book) => book.id) : []
}

describe('a book written while a name it carries', () => {
  it('is removed has an unknown reference', async () => {
    const author = await shop.send('POST', '/api/contributors', {
      as: 'staff',
      body: { name: `Gone ${count}` },
    })
    const { id } = author.body
    const removal = sql`delete from catalog.contributors where id = ${id}`
    expect(await sendDuring(removal, () => create({ title: 'Late', contributors: [{ id }] }))).toMatchObject({
      status: 400,
      body: { code: 'book_invalid', errors: [{ path: '/contributors/0/id', code: 'unknown_reference' }] },
    })
    const house = await shop.send('POST', '/api/publishers', { as: 'staff', body: { name: `Gone ${count}` } })
    const closing = sql`delete from catalog.publishers where id = ${house.body.id}`
    const body = { title: 'Late', publisher: { id: house.body.id } }
    expect(await sendDuring(closing, () => create(body))).toMatchObject({
      status: 400,
      body: { code: 'book_invalid', errors: [{ path: '/publisher/id', code: 'unknown_reference' }] },
    })
  })

  it('is removed is made again with it when it is named', async () => {
    const name = `Again ${count}`
    const author = await shop.send('POST', '/api/contributors', { as: 'staff', body: { name } })
    const removal = sql`delete from catalog.contributors where id = ${author.body.id}`
    const answer = await sendDuring(removal, () => create({ title: 'Late', contributors: [{ name }] }))
    expect(answer).toMatchObject({ status: 201, body: { contributors: [{ name }] } })
  })

  it('changes is found by the new one', async () => {
    const id = written.contributors[0]?.id
    const changes = [
      sql`update catalog.contributors set name = ${`Anna After${count}`}, name_key = ${`anna after${count}`}
        where id = ${id}`,
      sql`update catalog.publishers set name = ${`House After${count}`}, name_key = ${`house after${count}`}
        where id = ${written.publisher?.id}`,
    ]
    const body = { title: 'Late', contributors: [{ id }], publisher: { id: written.publisher?.id } }
    for (const change of changes) {
      const answer = await sendDuring(change, () => create(body))
      expect(answer).toMatchObject({ status: 201 })
      const words = change === changes[0] ? `anna%20after${count}` : `house%20after${count}`
      expect(await found(words)).toContain(answer.body.id)
    }
  })
})

describe('a book indexed anew while it is being changed', () => {
  it('is found by what it was changed to', async () => {
    const { database } = shop.test
    const { reindexSoon } = shop.catalog.deps
    const next = await shop.send('POST', '/api/contributors', {
      as: 'staff',
      body: { name: `Next Author${count}` },
    })
    await database.transaction(async (tx) => {
      await tx.query(sql`select from catalog.books where id = ${written.id} for update`)
      await database.query(sql`insert into catalog.reindex_queue (book_id) values (${written.id})`)
      reindexSoon()
      await somebodyWaits(shop)
      await tx.query(sql`
        update catalog.book_contributors set contributor_id = ${next.body.id} where book_id = ${written.id}`)
    })
    await shop.catalog.settle()
    expect((await readBook(shop, written.id)).contributors).toMatchObject([{ id: next.body.id }])
    expect(await found(`author${count}`)).toEqual([written.id])
    expect(await found(`anna%20before${count}`)).toEqual([])
  })
})

it('a deleted book is held before the names of its return are made, as whoever else writes it does', async () => {
  const isbn13 = isbnFrom(700_000_000 + count)
  await removeBook(shop, await addBook(shop, { title: 'Back', isbn13 }))
  const { returned } = await shop.test.database.transaction(async (tx) => {
    await tx.query(sql`
      select from catalog.books where id = (select book_id from catalog.identifiers where value = ${isbn13}) for update`)
    const returned = create({ title: 'Back', isbn13, publisher: { name: `Return ${count}` } })
    await somebodyWaits(shop)
    // In the other order this waits for the return, which waits for the book.
    await tx.query(sql`set local lock_timeout = '500ms'`)
    await tx.query(sql`
      insert into catalog.publishers (id, name, name_key, words)
      values (gen_random_uuid(), ${`Return ${count}`}, ${`return ${count}`}, '')`)
    return { returned }
  })
  expect(await returned).toMatchObject({ status: 201, body: { publisher: { name: `Return ${count}` } } })
})

it('the books of a name are done, however many entries before them are of books that are no more', async () => {
  await shop.test.database.query(sql`
    insert into catalog.reindex_queue (book_id)
    select ('00000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid from generate_series(1, 300) as number`)
  const [author] = written.contributors
  const renamed = await shop.send('PUT', `/api/contributors/${author?.id}`, {
    as: 'staff',
    body: { name: `Anna After${count}` },
    headers: { 'if-match': '"1"' },
  })
  expect(renamed.status).toBe(200)
  expect(await found(`after${count}`)).toEqual([written.id])
  const queue = await shop.test.database.query(sql`select from catalog.reindex_queue`)
  expect(queue).toEqual([])
})

it('a subject that is gone when it is read back is never given an id that nothing has', async () => {
  const drafted = draftOf({ title: 'Lost', subjects: [{ scheme: 'keyword', code: 'lost', text: 'Lost' }] })
  if ('issues' in drafted) throw new Error('the draft is in order')
  const losing = { ...shop.test.database, query: async () => [] }
  const resolved = resolveNames(losing, [drafted.draft], shop.catalog.deps.newId)
  await expect(resolved).rejects.toThrow('subject keyword:lost is gone')
})
