import type { Celery } from '@colophon/celery'
import { taskInput, timestamp, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'
import type { CatalogClient } from '../client.ts'
import { Money } from '../schemas.ts'

export const followStockTask = 'catalog.follow_stock'
export const setPriceTask = 'catalog.set_price'

/** Grows from one change of a book to its next. */
const sequence = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

/** What is said of a book's stock. */
const StockInput = Type.Object(
  { book_id: uuid(), in_stock: Type.Boolean(), sequence },
  { additionalProperties: false },
)
export type StockInput = Static<typeof StockInput>

/** What is said of a book's price. */
const PriceInput = Type.Object(
  {
    book_id: uuid(),
    ...Money.properties,
    actor: Type.String(),
    sequence,
    said_at: Type.Optional(timestamp()),
  },
  { additionalProperties: false },
)
export type PriceInput = Static<typeof PriceInput>

/** Each may run twice: a repeat changes nothing. */
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
    name: followStockTask,
    params: ['book_id', 'in_stock', 'sequence'],
    input: taskInput(StockInput),
    run: ({ book_id, in_stock, ...said }) =>
      catalog.followStock({ bookId: book_id, inStock: in_stock, ...said }),
  })
  app.task({
    ...options,
    name: setPriceTask,
    params: ['book_id', 'amount', 'currency', 'actor', 'sequence', 'said_at'],
    input: taskInput(PriceInput),
    async run({ book_id: bookId, amount, currency, said_at: saidAt, ...said }, { log }) {
      const price = { amount, currency }
      const change = { bookId, price, ...said, ...(saidAt !== undefined && { saidAt }) }
      const { isOvertaken } = await catalog.setPrice(change)
      if (isOvertaken)
        log.warn({ bookId, price, saidAt }, 'the price of a delivery is dropped: staff have changed it since')
    },
  })
}
