import { encodeCursor } from '@colophon/http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { openLibrary } from './support/library.ts'
import { askFor, pageOf, type Query } from './support/listing.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
  await openLibrary(shop)
})

afterAll(() => shop.stop())

describe('a query of signs that mean something to somebody', () => {
  it.each([
    [
      "'",
      '"',
      '\\',
      '%',
      '_',
      '*',
      '?',
      '&',
      '|',
      '!',
      ':',
      '(',
      ')',
      '<->',
      ':*',
      '--',
      ';',
      '$1',
      '{}',
      '^',
      '~',
    ],
    ["''", '\\\\', "\\'", "';select 1", "hobbit'", "'hobbit", "hobbit\\'", 'hobbit:*', '!hobbit', 'a&b|!c:*'],
    [
      'hobbit & !tolkien',
      'hobbit <-> tolkien',
      '(hobbit | emma)',
      'hobbit:ABCD',
      '=leng',
      '=y1937',
      "'=leng'",
    ],
    ['\u200b', '\ufeff', '\u202ehobbit', '\u0301', 'a\u0301\u0301\u0301', '😀', '\u2028'],
    [
      'hob%',
      'hob_it',
      '../../etc/passwd',
      '<script>',
      'null',
      'undefined',
      '__proto__',
      'constructor',
      'and',
      'not',
    ],
  ])('is answered, whatever it finds', async (...queries) => {
    for (const q of queries) {
      for (const more of [{}, { language: 'eng' }, { sort: 'title', total: true, facets: 'year' }]) {
        expect(await askFor(shop, { q, ...more })).toMatchObject({ status: 200 })
      }
    }
  })

  it('is taken for the words within it', async () => {
    for (const q of ["'hobbit' & !tolkien", 'hobbit | tolkien', 'tolkien <-> hobbit', '%hobbit% _tolkien_']) {
      const { items } = await pageOf(shop, { q: `${q} ` })
      expect(items.map(({ contributors }) => contributors[0]?.name)).toEqual(['J.R.R. Tolkien'])
    }
  })

  it('does not reach the terms that filters are made of', async () => {
    for (const q of ['=leng', 'leng', '=y1937', 'y1937', '=fpaperback']) {
      expect((await pageOf(shop, { q: `${q} ` })).items).toEqual([])
    }
  })
})

describe('a long query', () => {
  it('is read up to two hundred characters', async () => {
    for (const q of [
      'the '.repeat(50),
      'x'.repeat(200),
      '日'.repeat(200),
      `${'a '.repeat(99)}bc`,
      "o'".repeat(100),
    ]) {
      expect(q).toHaveLength(200)
      expect(await askFor(shop, { q })).toMatchObject({ status: 200 })
    }
    const answer = await askFor(shop, { q: 'x'.repeat(201) })
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path: 'q' }] },
    })
  })

  it('is looked up by its first words', async () => {
    const q = 'harry potter and the goblet of fire by rowling j k for everybody who likes'
    expect((await pageOf(shop, { q: q.slice(0, 50) })).items).toHaveLength(0)
    expect(
      (await pageOf(shop, { q: 'harry potter goblet fire harry potter goblet fire rowling j k harry xyzzy' }))
        .items,
    ).toHaveLength(1)
  })
})

describe('wrong parameters', () => {
  it.each<[Query, string]>([
    [{ limit: 0 }, 'limit'],
    [{ limit: -1 }, 'limit'],
    [{ limit: 101 }, 'limit'],
    [{ limit: 'abc' }, 'limit'],
    [{ limit: '' }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ limit: '1e1' }, 'limit'],
    [{ q: 'a\0b' }, 'q'],
    [{ q: '\0' }, 'q'],
    [{ subject: 'keyword:\0' }, 'subject'],
    [{ sort: 'relevance,title' }, 'sort'],
    [{ cursor: '' }, 'cursor'],
  ])('%j', async (query, path) => {
    const answer = await askFor(shop, query)
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed', errors: [{ path }] } })
  })

  it('given twice, or not in UTF-8', async () => {
    expect(await shop.send('GET', '/api/books?q=a&q=b')).toMatchObject({ status: 400 })
    expect((await shop.send('GET', '/api/books?q=%ff%fe')).status).toBeLessThan(500)
    expect((await shop.send('GET', '/api/books?q=%')).status).toBeLessThan(500)
  })
})

describe('a cursor', () => {
  const lists: Query[] = [
    { q: 'the ' },
    {},
    { sort: 'title' },
    { sort: 'newest' },
    { sort: 'price' },
    { sort: '-price' },
  ]
  const refused = async (query: Query) =>
    expect(await askFor(shop, query), JSON.stringify(query)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor', errors: [{ path: 'cursor' }] },
    })

  it.each(lists)('of %j is good for it alone', async (list) => {
    const { nextCursor } = await pageOf(shop, { ...list, limit: 2 })
    const cursor = nextCursor ?? ''
    expect(await askFor(shop, { ...list, limit: 50, cursor })).toMatchObject({ status: 200 })
    expect(await askFor(shop, { ...list, total: true, facets: 'year', cursor })).toMatchObject({
      status: 200,
    })
    await refused({ ...list, q: 'hobbit', cursor })
    await refused({ ...list, language: 'eng', cursor })
    await refused({ ...list, inStock: false, cursor })
    await refused({ ...list, sort: list.sort === 'newest' ? 'title' : 'newest', cursor })
  })

  it.each(lists)('of %j that was altered is refused', async (list) => {
    const { nextCursor } = await pageOf(shop, { ...list, limit: 2 })
    const cursor = nextCursor ?? ''
    const swapped = (at: number) =>
      cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1)
    const altered = [swapped(0), swapped(5), swapped(20), cursor.slice(0, -1), cursor.slice(1), `${cursor}A`]
    for (const wrong of [
      ...altered,
      `${cursor}==`,
      `${cursor} `,
      cursor.toUpperCase(),
      'abc',
      '0',
      '😀',
      'null',
    ]) {
      await refused({ ...list, cursor: wrong })
    }
  })

  const id = '018f0000-0000-7000-8000-000000000001'
  const hostile = [
    0,
    -1,
    1,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    2 ** 60,
    1e300,
    -1e-300,
    0.5,
  ]
  const texts = [
    '',
    'x',
    'a\0b',
    "'; --",
    '\ud800',
    'x'.repeat(500),
    id.toUpperCase(),
    `${id} `,
    '{}',
    '\u0301',
  ]

  it.each(lists)('made up for %j never makes the server fail', async (list) => {
    const sorted = [
      ...[...hostile, ...texts, null].map((key) => [0, key, id]),
      ...[...hostile, ...texts].flatMap((wrong) => [
        [wrong, list.sort === 'title' ? 'x' : 1, id],
        [0, list.sort === 'title' ? 'x' : 1, wrong],
      ]),
    ]
    const ranked = [...hostile, ...texts, null].flatMap((wrong) => [
      [wrong, 1, null, null, null, null, null, null],
      [0, wrong, null, null, null, null, 0.5, id],
      [0, 0, wrong, id, 1, id, 0.5, id],
      [0, 0, 1, wrong, 0, id, 0.5, id],
      [0, 0, null, null, wrong, id, 0.5, id],
      [0, 0, null, null, 0, id, wrong, id],
      [0, 0, null, null, 0, id, 0.5, wrong],
    ])
    for (const keys of list.q ? ranked : sorted) {
      const answer = await askFor(shop, { ...list, cursor: encodeCursor(list, keys) })
      expect([200, 400], JSON.stringify([keys, answer.body])).toContain(answer.status)
      if (answer.status === 400) expect(answer.body.code).toBe('invalid_cursor')
    }
  })
})
