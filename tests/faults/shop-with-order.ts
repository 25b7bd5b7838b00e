import { randomUUID } from 'node:crypto'
import { orderOf } from '../../services/orders/test/support/shopping.ts'
import { startTestShop, type TestShop } from '../support/shop.ts'
import type { Acknowledged } from './buyers.ts'

/** A shop in which one order is paid for and confirmed, of one copy of two, and all is at rest. */
export async function shopWithOrder(): Promise<{ shop: TestShop; order: Acknowledged }> {
  const shop = await startTestShop()
  const authorization = `Bearer ${await shop.tokenOf('staff')}`
  const price = { amount: 1299, currency: 'EUR' }
  const book = { title: 'A Book', format: 'paperback', price }
  const bookId = await post(shop, '/api/books', book, { authorization })
  const headers = { authorization, 'idempotency-key': randomUUID() }
  await post(shop, `/api/inventory/${bookId}/adjustments`, { delta: 2, reason: 'goods_in' }, headers)
  const sent = orderOf([{ bookId, quantity: 1 }], { email: 'guest@example.com' })
  const id = await post(shop, '/api/orders', sent, { 'idempotency-key': randomUUID() })
  await shop.settle()
  return { shop, order: { id, token: 'tok_approve', cancel: null } }
}

/** @returns the id of what was made */
async function post(
  { gateway }: TestShop,
  url: string,
  payload: object,
  headers: Record<string, string>,
): Promise<string> {
  const response = await gateway.app.inject({ method: 'POST', url, payload, headers })
  if (response.statusCode >= 300) throw new Error(`${url} was answered ${response.body}`)
  return response.json().id
}
