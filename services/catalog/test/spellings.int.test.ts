import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { importText, isbns } from './import-harness.ts'
import { addBook, readBook } from './support/books.ts'
import { somebodyWaits } from './support/waits.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())
beforeEach(async () => {
  await shop.test.database.query(sql`
    truncate catalog.books, catalog.contributors, catalog.publishers, catalog.name_aliases cascade`)
})

const [isbn = '', second = ''] = isbns(2)

type Kind = 'contributors' | 'publishers'

async function rename(kind: Kind, id: string | undefined, name: string, version = 1): Promise<void> {
  const headers = { 'if-match': `"${version}"` }
  const answer = await shop.send('PUT', `/api/${kind}/${id}`, { as: 'staff', body: { name }, headers })
  expect(answer.status).toBe(200)
}

async function remove(kind: Kind, id: string | undefined, version: number): Promise<void> {
  const headers = { 'if-match': `"${version}"` }
  expect((await shop.send('DELETE', `/api/${kind}/${id}`, { as: 'staff', headers })).status).toBe(204)
}

async function namesOf(kind: Kind): Promise<string[]> {
  const { body } = await shop.send('GET', `/api/${kind}`)
  return body.items.map(({ name }: { name: string }) => name)
}

/** The contributors of a new book that names these. */
const credit = async (...names: string[]) =>
  (await addBook(shop, { title: 'New', contributors: names.map((name) => ({ name })) })).contributors

/** The same record as ever, but for how popular it is. */
const feed = (popularity: number) =>
  importText(
    shop.catalog.deps,
    `isbn,title,contributors,publisher,popularity\n${isbn},Games,Suzanne Collins,Scholastic,${popularity}\n`,
  )

describe('a name that staff have corrected', () => {
  it('stays corrected when the feed goes on writing the old one', async () => {
    await feed(1)
    const { contributors, publisher } = await readBook(shop, isbn)
    await rename('contributors', contributors[0]?.id, 'Suzanne Q. Collins')
    await rename('publishers', publisher?.id, 'Scholastic Press')
    await feed(2)
    expect(await readBook(shop, isbn)).toMatchObject({
      popularity: 2,
      contributors: [{ id: contributors[0]?.id, name: 'Suzanne Q. Collins' }],
      publisher: { id: publisher?.id, name: 'Scholastic Press' },
    })
    expect(await namesOf('contributors')).toEqual(['Suzanne Q. Collins'])
    expect(await namesOf('publishers')).toEqual(['Scholastic Press'])
  })

  it('is found by each of the names it had, in either order', async () => {
    const [first] = await credit('Suzzane Collins')
    await rename('contributors', first?.id, 'Suzanne Collins')
    await rename('contributors', first?.id, 'Suzanne Q. Collins', 2)
    expect(await credit('SUZZANE COLLINS', 'Collins, Suzanne')).toMatchObject([{ id: first?.id }])
  })

  it('may be lent the name of one that was removed, to be found by it', async () => {
    const [stays] = await credit('J.K. Rowling')
    await rename('contributors', stays?.id, 'JK Rowling')
    await rename('contributors', stays?.id, 'J.K. Rowling', 2)
    expect(await credit('JK Rowling', 'Rowling, J. K.')).toEqual([stays])
  })

  it('leaves the old one to whoever is given it', async () => {
    const [first] = await credit('Ann Lee')
    await rename('contributors', first?.id, 'Anne Lee')
    const body = { name: 'Ann Lee' }
    const { body: other } = await shop.send('POST', '/api/contributors', { as: 'staff', body })
    expect(await credit('ann lee')).toMatchObject([{ id: other.id }])
    await rename('contributors', other.id, 'Ann B. Lee')
    expect(await credit('ann lee')).toMatchObject([{ id: other.id }])
  })

  it('leaves the old one to another of the same name', async () => {
    const [first] = await credit('John Smith')
    const body = { name: 'John Smith', disambiguation: 'historian' }
    const { body: historian } = await shop.send('POST', '/api/contributors', { as: 'staff', body })
    await rename('contributors', historian.id, 'John Q. Smith')
    await rename('contributors', first?.id, 'Jon Smith')
    expect(await credit('John Smith')).toMatchObject([{ id: first?.id }])
  })

  it('is forgotten with its old one when it is removed', async () => {
    const body = { name: 'Gone Soon' }
    const { body: gone } = await shop.send('POST', '/api/contributors', { as: 'staff', body })
    await rename('contributors', gone.id, 'Going')
    await remove('contributors', gone.id, 2)
    const { body: house } = await shop.send('POST', '/api/publishers', { as: 'staff', body })
    await rename('publishers', house.id, 'Going')
    await remove('publishers', house.id, 2)
    expect(await shop.test.database.query(sql`select * from catalog.name_aliases`)).toEqual([])
    expect(await credit('Gone Soon')).toMatchObject([{ name: 'Gone Soon' }])
  })

  it('is found by a book that waits for the correction', async () => {
    const [first] = await credit('Suzanne Collins')
    const { crediting } = await shop.test.database.transaction(async (tx) => {
      await tx.query(sql`select from catalog.contributors where id = ${first?.id} for update`)
      const crediting = credit('Suzanne Collins')
      await somebodyWaits(shop)
      await tx.query(sql`
        insert into catalog.name_aliases (kind, name_key, id) values ('contributor', 'suzanne collins', ${first?.id})`)
      await tx.query(sql`
        update catalog.contributors set name = 'Suzanne Q. Collins', name_key = 'suzanne q collins'
        where id = ${first?.id}`)
      return { crediting }
    })
    expect(await crediting).toMatchObject([{ id: first?.id, name: 'Suzanne Q. Collins' }])
  })
})

describe('a name with the family name first', () => {
  it('is the person known by the same name in natural order', async () => {
    const [rowling] = await credit('J.K. Rowling')
    const [gogh] = await credit('Vincent van Gogh')
    for (const name of ['Rowling, J. K.', 'ROWLING, J.K.', 'rowling , j k']) {
      expect(await credit(name)).toEqual([rowling])
    }
    expect(await credit('van Gogh, Vincent', 'Gogh, Vincent van')).toEqual([gogh])
  })

  it('is found by the name in natural order', async () => {
    const [rowling] = await credit('Rowling, J. K.')
    expect(await credit('J.K. Rowling')).toEqual([rowling])
  })

  it('is one person with the other within one feed', async () => {
    const file = `isbn,title,contributors\n${isbn},One,"Rowling, J. K."\n${second},Two,J.K. Rowling\n`
    expect((await importText(shop.catalog.deps, file)).report.counts.inserted).toBe(2)
    expect(await namesOf('contributors')).toEqual(['J.K. Rowling'])
    expect((await readBook(shop, isbn)).contributors).toEqual((await readBook(shop, second)).contributors)
  })

  it('is nobody else: not one whose names are the other way round, no organisation', async () => {
    await credit('Henry James', 'Martin Luther King, Jr.')
    const body = { name: 'Schuster Simon', kind: 'organisation' }
    await shop.send('POST', '/api/contributors', { as: 'staff', body })
    await credit('James Henry', 'Simon, Schuster A.', 'Simon, Schuster', 'Jr. Martin Luther King')
    expect((await namesOf('contributors')).sort()).toEqual([
      'Henry James',
      'James Henry',
      'Jr. Martin Luther King',
      'Martin Luther King, Jr.',
      'Schuster Simon',
      'Simon, Schuster',
      'Simon, Schuster A.',
    ])
  })

  it('may be two whose names are each other’s, at once', async () => {
    expect(await credit('Lee, Ann', 'Ann, Lee')).toHaveLength(2)
  })
})
