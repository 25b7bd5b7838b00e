import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { addBook } from './support/books.ts'

let shop: CatalogHarness
let clock = Date.parse('2026-01-01T00:00:00Z')

beforeAll(async () => {
  shop = await startCatalog({ now: () => new Date(clock) })
})
afterAll(() => shop.stop())

type Body = Record<string, unknown>

const history = (path: string, query = '') =>
  shop.send('GET', `/api/${path}/history${query}`, { as: 'staff' })

const put = (path: string, body: Body, as: 'staff' | 'admin' = 'staff') => {
  clock += 60_000
  return shop.send('PUT', `/api/${path}`, { as, body, headers: { 'if-match': '*' } })
}

const remove = (path: string) => {
  clock += 60_000
  return shop.send('DELETE', `/api/${path}`, { as: 'admin', headers: { 'if-match': '*' } })
}

const staff = '018f0000-0000-7000-8000-00000000000b'
const admin = '018f0000-0000-7000-8000-00000000000a'
const unknownId = '018f0000-0000-7000-8000-000000000001'

describe('the history of a contributor', () => {
  it('says who changed what and when, the newest first, of a removed one too', async () => {
    clock = Date.parse('2026-01-01T00:00:00Z')
    const made = await shop.send('POST', '/api/contributors', { as: 'staff', body: { name: 'Ann Lee' } })
    const path = `contributors/${made.body.id}`
    await put(path, { name: 'Ann Lee', disambiguation: 'born 1950' }, 'admin')
    await put(path, { name: 'Ann Lee', disambiguation: 'born 1950' })
    expect(await remove(path)).toMatchObject({ status: 204 })
    expect(await shop.send('GET', `/api/${path}`)).toMatchObject({ status: 404 })
    expect(await history(path)).toMatchObject({ status: 200 })
    expect((await history(path)).body).toEqual({
      items: [
        {
          version: 3,
          at: '2026-01-01T00:03:00.000Z',
          actor: admin,
          action: 'deleted',
          changes: [
            { field: 'kind', before: 'person', after: null },
            { field: 'name', before: 'Ann Lee', after: null },
            { field: 'sortName', before: 'Lee, Ann', after: null },
            { field: 'disambiguation', before: 'born 1950', after: null },
          ],
        },
        {
          version: 2,
          at: '2026-01-01T00:01:00.000Z',
          actor: admin,
          action: 'replaced',
          changes: [{ field: 'disambiguation', before: null, after: 'born 1950' }],
        },
        {
          version: 1,
          at: '2026-01-01T00:00:00.000Z',
          actor: staff,
          action: 'created',
          changes: [
            { field: 'kind', before: null, after: 'person' },
            { field: 'name', before: null, after: 'Ann Lee' },
            { field: 'sortName', before: null, after: 'Lee, Ann' },
          ],
        },
      ],
      nextCursor: null,
    })
  })

  it('comes in pages, and a cursor is of one contributor', async () => {
    const made = await shop.send('POST', '/api/contributors', { as: 'staff', body: { name: 'Paged 1' } })
    const path = `contributors/${made.body.id}`
    for (const name of ['Paged 2', 'Paged 3', 'Paged 4']) await put(path, { name })
    const first = await history(path, '?limit=3')
    const versions = first.body.items.map(({ version }: { version: number }) => version)
    expect(versions).toEqual([4, 3, 2])
    const query = `?limit=3&cursor=${first.body.nextCursor}`
    expect((await history(path, query)).body).toMatchObject({ items: [{ version: 1 }], nextCursor: null })
    expect(await history(`contributors/${unknownId}`, query)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    })
  })

  it('is empty for one that a book made, and keeps nothing of a change that was refused', async () => {
    const { contributors } = await addBook(shop, {
      title: 'By',
      contributors: [{ name: 'By Book' }, { name: 'Taken' }],
    })
    const path = `contributors/${contributors[0]?.id}`
    expect(await put(path, { name: 'taken' })).toMatchObject({ status: 409 })
    expect(await remove(path)).toMatchObject({ status: 409 })
    expect((await history(path)).body).toEqual({ items: [], nextCursor: null })
  })
})

it('the history of a publisher says who made, renamed and removed it', async () => {
  const made = await shop.send('POST', '/api/publishers', { as: 'staff', body: { name: 'Old House' } })
  const path = `publishers/${made.body.id}`
  await put(path, { name: 'New House' }, 'admin')
  await remove(path)
  expect((await history(path)).body.items).toMatchObject([
    { version: 3, actor: admin, action: 'deleted', changes: [{ before: 'New House', after: null }] },
    { version: 2, actor: admin, action: 'replaced', changes: [{ before: 'Old House', after: 'New House' }] },
    { version: 1, actor: staff, action: 'created', changes: [{ before: null, after: 'Old House' }] },
  ])
})

it('the history of a subject says who gave it another text', async () => {
  const subjects = [{ scheme: 'keyword', code: 'k1', text: 'Old' }]
  await addBook(shop, { title: 'On', subjects })
  const [{ id }] = (await shop.send('GET', '/api/subjects?q=k1')).body.items
  await put(`subjects/${id}`, { text: 'New' })
  expect((await history(`subjects/${id}`)).body.items).toEqual([
    {
      version: 2,
      at: new Date(clock).toISOString(),
      actor: staff,
      action: 'replaced',
      changes: [{ field: 'text', before: 'Old', after: 'New' }],
    },
  ])
})

it.each(['contributor', 'publisher', 'subject'])(
  'the history of an unknown %s is a problem',
  async (kind) => {
    expect(await history(`${kind}s/${unknownId}`)).toMatchObject({
      status: 404,
      body: { code: `${kind}_not_found` },
    })
  },
)
