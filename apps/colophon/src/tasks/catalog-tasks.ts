import type { CatalogClient } from '@colophon/catalog'
import type { Celery } from '@colophon/celery'
import { isUuid } from '@colophon/http'

/** What the orders service says of a book's stock. */
interface StockChange {
  book_id: string
  in_stock: boolean
  sequence: number
}

const StockChange = {
  '~standard': {
    version: 1,
    vendor: 'colophon',
    validate(given: unknown): { value: StockChange } | { issues: { message: string }[] } {
      const { book_id, in_stock, sequence } = Object(given) as Partial<Record<keyof StockChange, unknown>>
      if (typeof book_id !== 'string' || !isUuid(book_id)) return wrong('book_id must be a UUID')
      if (typeof in_stock !== 'boolean') return wrong('in_stock must be true or false')
      if (!isSequence(sequence)) return wrong('sequence must be a whole number')
      return { value: { book_id, in_stock, sequence } }
    },
  },
} as const

function wrong(message: string) {
  return { issues: [{ message }] }
}

function isSequence(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** Defines what the catalogue does when something happens elsewhere. */
export function catalogTasks(app: Celery, catalog: Pick<CatalogClient, 'followStock'>): void {
  app.task({
    name: 'catalog.follow_stock',
    params: ['book_id', 'in_stock', 'sequence'],
    input: StockChange,
    queue: 'catalog',
    ack: 'late',
    ignoreResult: true,
    softTimeLimit: 60,
    retry: { max: 8, delay: 1, maxDelay: 60 },
    run: ({ book_id, in_stock, sequence }) =>
      catalog.followStock({ bookId: book_id, inStock: in_stock, sequence }),
  })
}
