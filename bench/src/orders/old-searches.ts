import type { OrdersQuery } from '../../../services/orders/src/orders/list-orders.ts'
import { dayAt, emailOf, firstAccount, isbnOf } from './old-orders.ts'

/** A list that somebody asks for, as the query of GET /api/orders. */
export interface OrderSearch {
  name: string
  query: Omit<OrdersQuery, 'cursor' | 'limit'>
  /** Whose orders; everybody's when absent. */
  of?: string
  page?: number
  /** In place of the usual bound of old.ts: how many pages of 8 kB it may read, and why it needs to. */
  mayRead?: { pages: number; because: string }
}

const day = { from: dayAt(0.5), to: dayAt(0.5) }
const month = { from: dayAt(0.5), to: dayAt(0.54) }

/** Lists of real kinds over the old orders (old-orders.ts). */
export const orderSearches: readonly OrderSearch[] = [
  { name: "a customer's own, of 20", query: {}, of: firstAccount.replace(/0$/, '7') },
  { name: "a customer's own, of 10,000", query: {}, of: firstAccount },
  { name: "a customer's own, page 100", query: {}, of: firstAccount, page: 100 },
  { name: "a customer's own of one day", query: day, of: firstAccount },
  { name: 'all', query: {} },
  { name: 'all, page 100', query: {}, page: 100 },
  { name: 'e-mail', query: { email: emailOf(7) } },
  { name: 'e-mail of 10,000 orders, status', query: { email: emailOf(0), status: 'cancelled' } },
  {
    name: 'e-mail of 10,000 orders, month',
    query: { email: emailOf(0), ...month },
    mayRead: {
      pages: 1_000,
      because:
        'the planner takes days and ids for two conditions, expects few orders to meet both, and reads all four hundred of the month',
    },
  },
  { name: 'number', query: { number: 600_000 } },
  { name: 'ISBN sold 10 times', query: { isbn: isbnOf(77) } },
  { name: 'ISBN sold a million times', query: { isbn: isbnOf(0) } },
  { name: 'ISBN sold a million times, page 100', query: { isbn: isbnOf(0) }, page: 100 },
  { name: 'ISBN sold a million times, day', query: { isbn: isbnOf(0), ...day } },
  { name: 'ISBN sold a million times, rare status', query: { isbn: isbnOf(0), status: 'partly_shipped' } },
  { name: 'ISBN sold 10 times, common status', query: { isbn: isbnOf(77), status: 'shipped' } },
  { name: 'status that is common', query: { status: 'shipped' } },
  { name: 'status that is rare', query: { status: 'partly_shipped' } },
  { name: 'status that no order has', query: { status: 'expired' } },
  { name: 'one day', query: day },
  { name: 'one month', query: month },
  { name: 'from a day on', query: { from: day.from } },
  { name: 'up to a day', query: { to: day.to } },
  { name: 'days before the first order', query: { to: '2023-12-01' } },
  { name: 'common status, one day', query: { status: 'shipped', ...day } },
  { name: 'common status, up to a day', query: { status: 'shipped', to: day.to } },
  { name: 'rare status, one month', query: { status: 'partly_shipped', ...month } },
  { name: 'one in fifty, one day', query: { status: 'cancelled', ...day } },
]
