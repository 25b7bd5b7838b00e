import { createReadStream, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestShop, type TestShop } from './support/shop.ts'

/** The whole of goodbooks-10k, where somebody has put it beside the checkout; the project does not carry it. */
const file = fileURLToPath(new URL('../../shared/data/goodbooks/books.csv', import.meta.url))
const isThere = existsSync(file)
if (!isThere) console.log(`not run: goodbooks-10k is not at ${file}`)

interface Page {
  items: { id: string; title: string; contributors: { name: string }[] }[]
  nextCursor: string | null
  correctedQuery?: string | null
}

describe.runIf(isThere)('ten thousand real books', () => {
  let shop: TestShop
  let token: string
  /** Books that come and go while pages are read. */
  const written = new Set<string>()

  beforeAll(async () => {
    shop = await startTestShop()
    token = await shop.tokenOf('staff')
  }, 60_000)
  afterAll(() => shop.stop())

  const get = async (path: string): Promise<Page> => {
    const response = await shop.gateway.app.inject({ method: 'GET', url: path })
    expect(response.statusCode).toBe(200)
    return response.json()
  }
  const importAgain = () => {
    const bytes = createReadStream(file)
    return shop.shop.catalog.importBooks({
      feed: { name: 'books.csv', bytes, close: () => void bytes.destroy() },
    })
  }

  it('are all imported, their ISBNs counted for what they are, and a second run changes nothing', async () => {
    const report = await importAgain()
    expect(report.counts).toEqual({ read: 10_000, inserted: 10_000, updated: 0, unchanged: 0, refused: 0 })
    expect(report.isbnColumns).toEqual({
      isbn: { valid: 2690, repaired: 6587, destroyed: 0, invalid: 23, missing: 700 },
      isbn13: { valid: 0, repaired: 1, destroyed: 9407, invalid: 7, missing: 585 },
    })
    const again = await importAgain()
    expect(again.counts).toEqual({ read: 10_000, inserted: 0, updated: 0, unchanged: 10_000, refused: 0 })
  }, 120_000)

  it.each([
    ['rowling', 'J.K. Rowling'],
    ['ROWLING potter', 'J.K. Rowling'],
    ['garcia marquez', 'Gabriel García Márquez'],
    ['Brontë', 'Emily Brontë'],
    ['bronte', 'Emily Brontë'],
  ])('q=%s finds %s', async (q, name) => {
    const { items, correctedQuery } = await get(`/api/books?q=${encodeURIComponent(q)}`)
    expect(correctedQuery).toBeNull()
    expect(
      items.flatMap(({ contributors }) => contributors.map((contributor) => contributor.name)),
    ).toContain(name)
  })

  it('q=tolkein (sic) finds Tolkien and says so', async () => {
    const { items, correctedQuery } = await get('/api/books?q=tolkein')
    expect(correctedQuery).toBe('tolkien')
    expect(items[0]?.contributors.map(({ name }) => name)).toContain('J.R.R. Tolkien')
  })

  it('an ISBN finds its book in every form', async () => {
    for (const q of ['9780439023481', '978-0-439-02348-1', '0439023483', '0 439 02348 3']) {
      const { items } = await get(`/api/books?q=${encodeURIComponent(q)}`)
      expect(items.map(({ title }) => title)).toEqual(['The Hunger Games'])
    }
  })

  it.each(['popularity', 'title', 'newest', 'price', '-price'])(
    'sorted by %s, all are seen once, page by page, while books are written',
    async (sort) => {
      const seen: string[] = []
      let cursor: string | null = null
      let pages = 0
      do {
        const page: Page = await get(`/api/books?sort=${sort}&limit=100${cursor ? `&cursor=${cursor}` : ''}`)
        seen.push(...page.items.map(({ id }) => id))
        cursor = page.nextCursor
        if (pages++ % 5 === 0) await writeAndRemove(pages)
      } while (cursor !== null)
      const others = seen.filter((id) => !written.has(id))
      expect(new Set(others).size).toBe(others.length)
      expect(others).toHaveLength(10_000)
    },
    60_000,
  )

  /** Adds two books, takes one of them away again, and changes the title of the other. */
  async function writeAndRemove(n: number): Promise<void> {
    const headers = { authorization: `Bearer ${token}` }
    for (const title of [`A Passing Book ${n}`, `Zebras ${n}`]) {
      const payload = {
        title,
        popularity: n * 1000,
        year: 1900 + n,
        price: { amount: n * 10, currency: 'EUR' },
      }
      const made = await shop.gateway.app.inject({ method: 'POST', url: '/api/books', headers, payload })
      expect(made.statusCode).toBe(201)
      const { id } = made.json()
      written.add(id)
      const change = title.startsWith('A')
        ? ({ method: 'DELETE' } as const)
        : ({ method: 'PATCH', payload: { title: `Aardvarks ${n}` } } as const)
      const changed = await shop.gateway.app.inject({
        url: `/api/books/${id}`,
        headers: { ...headers, 'if-match': '"1"' },
        ...change,
      })
      expect(changed.statusCode).toBeLessThan(300)
    }
  }
})
