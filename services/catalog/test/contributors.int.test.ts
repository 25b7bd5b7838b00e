import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contributor } from '../src/contributors/schemas.ts'
import type { Book } from '../src/schemas.ts'
import { type Answer, type CatalogHarness, startCatalog } from './harness.ts'
import { addBook, patchBook, readBook, removeBook } from './support/books.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

type Body = Record<string, unknown>

const unknownId = '018f0000-0000-7000-8000-000000000001'

const get = (path: string) => shop.send('GET', `/api/contributors${path}`)

const post = (body: Body, as: 'staff' | 'customer' = 'staff') =>
  shop.send('POST', '/api/contributors', { as, body })

async function add(body: Body): Promise<Contributor> {
  const answer = await post(body)
  expect(answer).toMatchObject({ status: 201 })
  return answer.body
}

const ifMatch = ({ version }: { version: number }) => ({ 'if-match': `"${version}"` })

const put = (contributor: Contributor, body: Body) =>
  shop.send('PUT', `/api/contributors/${contributor.id}`, {
    as: 'staff',
    body,
    headers: ifMatch(contributor),
  })

const remove = (contributor: Contributor) =>
  shop.send('DELETE', `/api/contributors/${contributor.id}`, { as: 'staff', headers: ifMatch(contributor) })

const namesOf = ({ body }: Answer) => body.items.map(({ name }: Contributor) => name)

describe('adding a contributor', () => {
  it('answers with it, where it is, and its version', async () => {
    const answer = await post({ name: '  Ursula  K. Le Guin ', disambiguation: 'born 1929' })
    expect(answer).toMatchObject({
      status: 201,
      headers: { etag: '"1"', location: `/api/contributors/${answer.body.id}` },
      body: {
        name: 'Ursula K. Le Guin',
        sortName: 'Guin, Ursula K. Le',
        kind: 'person',
        disambiguation: 'born 1929',
        version: 1,
      },
    })
    const read = await get(`/${answer.body.id}`)
    expect(read).toMatchObject({ status: 200, headers: { etag: '"1"' } })
    expect(read.body).toEqual({ ...answer.body, roles: [] })
  })

  it('is refused when somebody has the name, however it is written', async () => {
    const first = await add({ name: 'Emily Brontë' })
    for (const name of ['Emily Brontë', 'EMILY BRONTE', ' emily   bronte.']) {
      expect(await post({ name })).toMatchObject({
        status: 409,
        body: {
          code: 'contributor_name_taken',
          contributorId: first.id,
          detail: expect.stringContaining('Emily Brontë'),
        },
      })
    }
    const second = await add({ name: 'Emily Brontë', disambiguation: 'pseudonym' })
    expect(second.id).not.toBe(first.id)
    expect(await post({ name: 'Emily Bronte', disambiguation: 'pseudonym' })).toMatchObject({
      status: 409,
      body: { contributorId: second.id },
    })
  })

  it('makes one of many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post({ name: 'Rush Hour' })))
    const made = answers.filter(({ status }) => status === 201)
    expect(made).toHaveLength(1)
    for (const { status, body } of answers) {
      if (status !== 201) expect(body).toMatchObject({ status: 409, contributorId: made[0]?.body.id })
    }
  })

  it.each<[string, Body, string]>([
    ['no name', {}, '/name'],
    ['an empty name', { name: '' }, '/name'],
    ['a name of spaces', { name: '  ' }, '/name'],
    ['a name that is too long', { name: 'x'.repeat(301) }, '/name'],
    ['a kind that is not known', { name: 'A', kind: 'cat' }, '/kind'],
    ['a field that is not known', { name: 'A', surname: 'B' }, '/surname'],
    ['a NUL', { name: 'A\0B' }, '/name'],
  ])('is refused with %s', async (_what, body, path) => {
    const answer = await post(body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
    expect(answer.body.errors[0].path).toBe(path)
  })

  it('takes the longest names there are', async () => {
    const added = await add({
      name: '𝔸'.repeat(300),
      sortName: '語'.repeat(300),
      disambiguation: 'ß'.repeat(200),
    })
    expect((await get(`/${added.id}`)).body).toMatchObject(added)
  })

  it('is for staff', async () => {
    expect(await post({ name: 'Nobody' }, 'customer')).toMatchObject({ status: 403 })
    expect(await shop.send('POST', '/api/contributors', { body: { name: 'N' } })).toMatchObject({
      status: 401,
    })
  })
})

describe('a contributor nobody knows', () => {
  it('is not found', async () => {
    const missing = { id: unknownId, version: 1 } as Contributor
    const answers = [
      await get(`/${unknownId}`),
      await get(`/${unknownId}/books`),
      await put(missing, { name: 'X' }),
      await remove(missing),
    ]
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'contributor_not_found' } })
    }
    expect(await get('/x')).toMatchObject({ status: 400, body: { errors: [{ path: 'id' }] } })
  })
})

describe('changing a contributor', () => {
  it('reaches the books: found by the new name, not by the old, with a new ETag', async () => {
    const book = await addBook(shop, { title: 'Untitled', contributors: [{ name: 'Oldname Quux' }] })
    const deleted = await addBook(shop, { title: 'Deleted', contributors: [{ name: 'Oldname Quux' }] })
    await removeBook(shop, deleted)
    const [author] = (await get('?q=oldname')).body.items
    const answer = await put(author, { name: 'Newname Quux' })
    expect(answer).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      body: { id: author.id, name: 'Newname Quux', sortName: 'Quux, Newname', version: 2 },
    })
    await shop.catalog.settle()
    const found = async (q: string) =>
      (await shop.send('GET', `/api/books?q=${q}%20`)).body.items.map(({ id }: Book) => id)
    expect(await found('newname')).toEqual([book.id])
    expect(await found('oldname')).toEqual([])
    const read = await shop.send('GET', `/api/books/${book.id}`, { headers: { 'if-none-match': '"1"' } })
    expect(read).toMatchObject({ status: 200, headers: { etag: '"2"' } })
    expect(read.body.contributors).toEqual([{ id: author.id, name: 'Newname Quux', role: 'author' }])
    expect(namesOf(await get('?q=oldname'))).toEqual([])
    expect(namesOf(await get('?q=newname'))).toEqual(['Newname Quux'])
    const back = await addBook(shop, { title: 'By the new name', contributors: [{ name: 'newname quux' }] })
    expect(back.contributors[0]?.id).toBe(author.id)
  })

  it('takes what was read, changes nothing for the same again, and leaves books alone but for a name', async () => {
    const book = await addBook(shop, { title: 'Calm', contributors: [{ name: 'Calm Person' }] })
    const [person] = (await get('?q=calm person')).body.items
    const { roles, ...rest } = (await get(`/${person.id}`)).body
    expect(await put(person, { ...rest, roles })).toMatchObject({ status: 200, headers: { etag: '"1"' } })
    const changed = {
      ...rest,
      kind: 'organisation',
      disambiguation: 'a club',
      sortName: 'Person, The Calm',
    }
    expect(await put(person, changed)).toMatchObject({
      status: 200,
      body: { ...changed, version: 2 },
    })
    await shop.catalog.settle()
    expect((await readBook(shop, book.id)).version).toBe(1)
    const { body } = await put({ ...person, version: 2 }, { name: 'Calm Person' })
    expect(body).toMatchObject({ kind: 'person', disambiguation: null, sortName: 'Person, Calm', version: 3 })
  })

  it('needs the version that was read', async () => {
    const person = await add({ name: 'Careful Person' })
    const path = `/api/contributors/${person.id}`
    const body = { name: 'Careless Person' }
    expect(await shop.send('PUT', path, { as: 'staff', body })).toMatchObject({ status: 428 })
    expect(await shop.send('DELETE', path, { as: 'staff' })).toMatchObject({ status: 428 })
    const stale = { ...person, version: 7 }
    expect(await put(stale, body)).toMatchObject({ status: 412, headers: { etag: '"1"' } })
    expect(await remove(stale)).toMatchObject({ status: 412, headers: { etag: '"1"' } })
    expect((await get(`/${person.id}`)).body.name).toBe('Careful Person')
    expect(await shop.send('PUT', path, { as: 'customer', body, headers: ifMatch(person) })).toMatchObject({
      status: 403,
    })
  })

  it('to the name of another is refused', async () => {
    const one = await add({ name: 'Taken Name' })
    const two = await add({ name: 'Free Name' })
    expect(await put(two, { name: 'TAKEN NAME' })).toMatchObject({
      status: 409,
      body: { code: 'contributor_name_taken', contributorId: one.id },
    })
    expect(await put(two, { name: 'Taken Name', disambiguation: 'the second' })).toMatchObject({
      status: 200,
    })
    expect(await put(one, { name: 'TAKEN Name' })).toMatchObject({
      status: 200,
      body: { name: 'TAKEN Name' },
    })
  })
})

describe('removing a contributor', () => {
  it('is refused while books credit it, and not for deleted ones', async () => {
    const first = await addBook(shop, { title: 'One', contributors: [{ name: 'In Use' }] })
    const second = await addBook(shop, {
      title: 'Two',
      contributors: [{ name: 'In Use' }, { name: 'In Use', role: 'editor' }],
    })
    const [person] = (await get('?q=in use')).body.items
    expect(await remove(person)).toMatchObject({
      status: 409,
      body: { code: 'contributor_in_use', books: 2 },
    })
    await removeBook(shop, second)
    expect(await remove(person)).toMatchObject({ status: 409, body: { books: 1 } })
    await patchBook(shop, first, { contributors: [] })
    expect(await remove(person)).toMatchObject({ status: 204 })
    const headers = { 'if-none-match': '*' }
    const back = { as: 'staff', headers, body: second } as const
    expect(await shop.send('PUT', `/api/books/${second.id}`, back)).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/contributors/0/id' }, { path: '/contributors/1/id' }] },
    })
    const body = { title: 'Two', contributors: [{ name: 'In Use' }] }
    const restored = await shop.send('PUT', `/api/books/${second.id}`, { ...back, body })
    expect(restored).toMatchObject({ status: 201, body: { contributors: [{ name: 'In Use' }] } })
    expect(restored.body.contributors[0].id).not.toBe(person.id)
  })

  it('takes it away', async () => {
    const person = await add({ name: 'Short Lived' })
    expect(await remove(person)).toMatchObject({ status: 204, body: '' })
    expect(await get(`/${person.id}`)).toMatchObject({ status: 404 })
    expect(await remove(person)).toMatchObject({ status: 404 })
    expect((await add({ name: 'Short Lived' })).id).not.toBe(person.id)
  })
})
