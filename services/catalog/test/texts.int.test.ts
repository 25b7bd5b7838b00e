import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CatalogHarness, startCatalog } from './harness.ts'
import { importText } from './import-harness.ts'

let shop: CatalogHarness

beforeAll(async () => {
  shop = await startCatalog()
})
afterAll(() => shop.stop())

const post = (url: string, body: unknown) => shop.send('POST', url, { as: 'staff', body })

const oneLine = 'must be text of one line that is not blank and has no control characters'

describe('what is no text of a book is refused', () => {
  test.each([
    ['title', { title: 'Em\u0001ma' }, '/title', 'wrong_format', oneLine],
    ['title', { title: 'Emma\n' }, '/title', 'wrong_format', oneLine],
    ['title', { title: '\u3000' }, '/title', 'required', 'must not be blank'],
    ['subtitle', { subtitle: ' ' }, '/subtitle', 'required', 'must not be blank'],
    ['description', { description: ' \n' }, '/description', 'required', 'must not be blank'],
    [
      'description',
      { description: 'A\u0007 novel' },
      '/description',
      'wrong_format',
      'must be text that is not blank and has no control characters but tabs and line breaks or null',
    ],
    ['contributor', { contributors: [{ name: '\u0085' }] }, '/contributors/0/name', 'wrong_format', oneLine],
    ['publisher', { publisher: { name: '' } }, '/publisher/name', 'required', 'must not be blank'],
    [
      'subject',
      { subjects: [{ scheme: 'thema', code: ' ' }] },
      '/subjects/0/code',
      'required',
      'must not be blank',
    ],
    ['year', { year: 0 }, '/year', 'invalid_value', 'must not be 0'],
  ])('%s in %j', async (_, fields, path, code, message) => {
    const { status, body } = await post('/api/books', { title: 'Emma', ...fields })
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ path, code }] })
    expect(body.errors[0].message.replace(/ or null$/, '')).toBe(message.replace(/ or null$/, ''))
  })

  test.each(['contributors', 'publishers'])('also of %s', async (kind) => {
    const { status, body } = await post(`/api/${kind}`, { name: '\u0001' })
    expect({ status, errors: body.errors }).toMatchObject({
      status: 400,
      errors: [{ path: '/name', code: 'wrong_format', message: oneLine }],
    })
  })

  test('and what a patch would leave of such', async () => {
    const { body, headers } = await post('/api/books', { title: 'Emma' })
    const patched = await shop.send('PATCH', `/api/books/${body.id}`, {
      as: 'staff',
      body: { price: { amount: 5 } },
      headers: { 'if-match': String(headers.etag) },
    })
    expect(patched.body).toMatchObject({
      code: 'book_invalid',
      errors: [
        { path: '/price/currency', code: 'required', message: expect.stringContaining('is required') },
      ],
    })
  })
})

test('a description may have tabs and line breaks', async () => {
  const description = 'One.\r\n\tTwo.'
  const { status, body } = await post('/api/books', { title: 'Emma', description })
  expect({ status, body }).toMatchObject({ status: 201, body: { description } })
})

test('an import takes the same, and says so in the same words', async () => {
  const rows = [
    'recordId,title,year,pages',
    'r1,Year nought,0,',
    'r2,No pages,,0',
    'r3,Con\u0001trol,1815,474',
  ]
  const { issues, report } = await importText(shop.catalog.deps, rows.join('\n'))
  expect(report.counts).toMatchObject({ read: 3, inserted: 3 })
  expect(issues).toMatchObject([
    { line: 2, column: 'year', code: 'year_invalid', value: '0', message: 'must not be 0' },
    {
      line: 3,
      column: 'pages',
      code: 'pages_invalid',
      message: 'must be a whole number from 1 to 100000',
    },
    { line: 4, column: 'title', code: 'characters_damaged' },
  ])
  const { body } = await shop.send('GET', '/api/books?q=control')
  expect(body.items).toMatchObject([{ title: 'Control', year: 1815, pages: 474 }])
})
