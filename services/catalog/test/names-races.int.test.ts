import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Book } from '../src/schemas.ts'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook } from './support/books.ts'
import { somebodyWaits } from './support/waits.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

let count = 0
let id: string
let other: Book

/** Somebody new, and a book that credits somebody else. */
beforeEach(async () => {
  count++
  const made = await shop.send('POST', '/api/contributors', {
    as: 'staff',
    body: { name: `Nemo Before${count}` },
  })
  id = made.body.id
  other = await addBook(shop, { title: `Other ${count}`, contributors: [{ name: `Second Hand${count}` }] })
})

const rename = (name: string, to = id) =>
  shop.send('PUT', `/api/contributors/${to}`, { as: 'staff', body: { name }, headers: { 'if-match': '*' } })

const remove = () =>
  shop.send('DELETE', `/api/contributors/${id}`, { as: 'staff', headers: { 'if-match': '*' } })

async function found(q: string): Promise<string[]> {
  await shop.catalog.settle()
  const { body } = await shop.send('GET', `/api/books?q=${q}%20`)
  return body.correctedQuery === null ? body.items.map((book: Book) => book.id) : []
}

/** Credits the contributor on the other book, and runs `meanwhile` before that is committed. */
function creditMeanwhile<T>(meanwhile: () => Promise<T>): Promise<T> {
  return shop.test.database.transaction(async (tx) => {
    await tx.query(sql`select from catalog.books where id = ${other.id} for update`)
    await tx.query(sql`
      insert into catalog.book_contributors (book_id, position, contributor_id, role)
      values (${other.id}, 1, ${id}, 'author')`)
    return meanwhile()
  })
}

describe('while a book that credits a contributor is being written', () => {
  it('a rename waits for it, and reaches it', async () => {
    const { renaming } = await creditMeanwhile(async () => {
      const renaming = rename(`Nemo After${count}`)
      await somebodyWaits(shop)
      return { renaming }
    })
    expect(await renaming).toMatchObject({ status: 200 })
    expect(await found(`after${count}`)).toEqual([other.id])
  })

  it('a removal waits for it, and is refused', async () => {
    const { removing } = await creditMeanwhile(async () => {
      const removing = remove()
      await somebodyWaits(shop)
      return { removing }
    })
    expect(await removing).toMatchObject({ status: 409, body: { code: 'contributor_in_use', books: 1 } })
  })
})

describe('a rename', () => {
  it('does not wait for somebody who is writing one of its books, who may be waiting for it', async () => {
    const credited = await addBook(shop, { title: 'Credited', contributors: [{ id }] })
    await shop.test.database.transaction(async (tx) => {
      await tx.query(sql`select from catalog.books where id = ${credited.id} for update`)
      expect(await rename(`Nemo After${count}`)).toMatchObject({ status: 200 })
    })
    expect(await found(`after${count}`)).toEqual([credited.id])
  })

  it('is not lost on a book that is being indexed for an earlier one', async () => {
    const credited = await addBook(shop, { title: 'Credited', contributors: [{ id }] })
    const { database } = shop.test
    await database.query(sql`insert into catalog.reindex_queue (book_id) values (${credited.id})`)
    await database.transaction(async (tx) => {
      await tx.query(sql`delete from catalog.reindex_queue where book_id = ${credited.id}`)
      expect(await rename(`Nemo After${count}`)).toMatchObject({ status: 200 })
    })
    expect(await found(`after${count}`)).toEqual([credited.id])
  })

  it('to a name that another takes at the same time is refused to one of them', async () => {
    const second = await shop.send('POST', '/api/contributors', {
      as: 'staff',
      body: { name: `Two ${count}` },
    })
    const name = `Wanted ${count}`
    const answers = await Promise.all([rename(name), rename(name, second.body.id)])
    const won = answers.find(({ status }) => status === 200)
    const lost = answers.find(({ status }) => status !== 200)
    expect(lost).toMatchObject({
      status: 409,
      body: { code: 'contributor_name_taken', contributorId: won?.body.id },
    })
  })

  it('that is one of many at once needs the version it was made from', async () => {
    const headers = { 'if-match': '"1"' }
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        shop.send('PUT', `/api/contributors/${id}`, {
          as: 'staff',
          body: { name: `Nemo ${count} Turn${index}` },
          headers,
        }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412])
  })
})
