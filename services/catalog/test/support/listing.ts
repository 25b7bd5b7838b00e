import { expect } from 'vitest'
import type { Book } from '../../src/schemas.ts'
import type { CatalogHarness } from '../harness.ts'

export type Query = Record<string, string | number | boolean>

export interface BookPage {
  items: Book[]
  nextCursor: string | null
  correctedQuery: string | null
  total?: number
  totalIsExact?: boolean
  facets?: Record<string, { value: string; text: string; count: number }[]>
}

/** GET /api/books, whatever it answers. */
export function askFor(shop: CatalogHarness, query: Query) {
  const texts = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])
  const parameters = new URLSearchParams(texts)
  return shop.send('GET', `/api/books?${parameters}`)
}

/** A page of the list. */
export async function pageOf(shop: CatalogHarness, query: Query): Promise<BookPage> {
  const answer = await askFor(shop, query)
  expect(answer).toMatchObject({ status: 200 })
  return answer.body
}

/** Every book of a list, page by page; `between` runs after each page. */
export async function allOf(
  shop: CatalogHarness,
  query: Query,
  between: (page: number) => Promise<void> = async () => {},
): Promise<Book[]> {
  const books: Book[] = []
  let cursor: string | null = null
  for (let page = 1; ; page++) {
    const { items, nextCursor }: BookPage = await pageOf(shop, { ...query, ...(cursor && { cursor }) })
    books.push(...items)
    if (nextCursor === null) return books
    expect(page).toBeLessThan(2000)
    cursor = nextCursor
    await between(page)
  }
}
