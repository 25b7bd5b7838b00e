import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestShop, type TestShop } from '../support/shop.ts'

let shop: TestShop
let authorization: string

beforeAll(async () => {
  shop = await startTestShop()
  authorization = `Bearer ${await shop.tokenOf('staff')}`
})
afterAll(() => shop.stop())

/** Every field as long, and every list as full, as the API lets it be; all text but its beginning is this letter. */
function largestBook(letter: string) {
  const text = (length: number, number = 0) =>
    `${number}x${letter.repeat(length)}`.slice(0, length).toWellFormed()
  return {
    ...{
      title: text(1_000),
      subtitle: text(1_000),
      description: text(50_000),
      publisher: { name: text(300) },
    },
    ...{ year: 2_200, pages: 100_000, popularity: Number.MAX_SAFE_INTEGER, language: 'eng' },
    price: { amount: 2_147_483_646, currency: 'EUR' },
    coverUrl: `https://shop.example/${'a'.repeat(1_900)}`,
    contributors: Array.from({ length: 200 }, (_, number) => ({ name: text(300, number) })),
    subjects: Array.from({ length: 100 }, (_, number) => ({
      ...{ scheme: 'keyword', code: text(100, number), text: text(300, number) },
    })),
  }
}

// Letters that grow: in UTF-8, in JSON, when they are decomposed (one of them eighteenfold), or one word by itself.
it.each(['a', '字', '\u{1f4da}', 'ﷺ', '\\', '\u200b'])(
  'a book as large as the API allows is like any other: %j',
  async (letter) => {
    const { app } = shop.gateway
    const book = largestBook(letter)
    const made = await app.inject({
      method: 'POST',
      url: '/api/books',
      headers: { authorization },
      payload: book,
    })
    expect([made.statusCode, made.json().code]).toEqual([201, undefined])
    const { id } = made.json()
    const query = new URLSearchParams({ q: book.title.slice(0, 190).toWellFormed() })
    for (const url of [
      `/api/books/${id}`,
      `/api/books?${query}`,
      '/api/books?sort=title&limit=1',
      '/api/contributors?limit=1',
    ]) {
      const page = await app.inject({ url })
      expect([url, page.statusCode]).toEqual([url, 200])
      const { nextCursor } = page.json()
      if (!nextCursor) continue
      const next = await app.inject({ url: `${url}&cursor=${nextCursor}` })
      expect([url, next.statusCode]).toEqual([url, 200])
    }
    const gone = await app.inject({
      method: 'DELETE',
      url: `/api/books/${id}`,
      headers: { authorization, 'if-match': '*' },
    })
    expect(gone.statusCode).toBe(204)
  },
)
