import type { CatalogClient } from '@colophon/catalog'
import type { Celery } from '@colophon/celery'
import { isUuid } from '@colophon/http'

/** What the orders service says of a book's stock. */
interface StockChange {
  book_id: string
  in_stock: boolean
  sequence: number
}

const StockChange = input((given: Given<StockChange>) => {
  const { book_id, in_stock, sequence } = given
  if (!isBookId(book_id)) return 'book_id must be a UUID'
  if (typeof in_stock !== 'boolean') return 'in_stock must be true or false'
  if (!isWhole(sequence)) return 'sequence must be a whole number'
  return { book_id, in_stock, sequence }
})

/** What a delivery says of a book's price. */
interface PriceChange {
  book_id: string
  /** In minor units. */
  amount: number
  currency: string
  actor: string
  sequence: number
}

const PriceChange = input((given: Given<PriceChange>) => {
  const { book_id, amount, currency, actor, sequence } = given
  if (!isBookId(book_id)) return 'book_id must be a UUID'
  if (!isWhole(amount) || amount < 0) return 'amount must be a whole number, and not negative'
  if (typeof currency !== 'string') return 'currency must be a text'
  if (typeof actor !== 'string') return 'actor must be a text'
  if (!isWhole(sequence)) return 'sequence must be a whole number'
  return { book_id, amount, currency, actor, sequence }
})

type Given<T> = Partial<Record<keyof T, unknown>>

/** Arguments as tasks take them (https://standardschema.dev). @param read gives them, or what is wrong with them */
function input<T extends object>(read: (given: Given<T>) => T | string) {
  return {
    '~standard': {
      version: 1,
      vendor: 'colophon',
      validate(given: unknown): { value: T } | { issues: { message: string }[] } {
        const value = read(Object(given))
        return typeof value === 'string' ? { issues: [{ message: value }] } : { value }
      },
    },
  } as const
}

function isBookId(value: unknown): value is string {
  return typeof value === 'string' && isUuid(value)
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

const options = {
  queue: 'catalog',
  ack: 'late',
  ignoreResult: true,
  softTimeLimit: 60,
  retry: { max: 8, delay: 1, maxDelay: 60 },
} as const

/** Defines what the catalogue does when something happens elsewhere. */
export function catalogTasks(app: Celery, catalog: Pick<CatalogClient, 'followStock' | 'setPrice'>): void {
  app.task({
    ...options,
    name: 'catalog.follow_stock',
    params: ['book_id', 'in_stock', 'sequence'],
    input: StockChange,
    run: ({ book_id, in_stock, sequence }) =>
      catalog.followStock({ bookId: book_id, inStock: in_stock, sequence }),
  })
  app.task({
    ...options,
    name: 'catalog.set_price',
    params: ['book_id', 'amount', 'currency', 'actor', 'sequence'],
    input: PriceChange,
    run: ({ book_id, amount, currency, ...said }) =>
      catalog.setPrice({ bookId: book_id, price: { amount, currency }, ...said }),
  })
}
