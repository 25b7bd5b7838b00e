import type { Identity } from '@colophon/http'
import type { OrdersDeps } from '../../deps.ts'
import { readOrder } from '../../orders/read-order.ts'
import type { Order } from '../../schemas.ts'
import { isStaff } from './access.ts'

/** An order after it was placed or changed, as the answer to whoever did it. */
export async function orderAnswer(
  { database }: OrdersDeps,
  id: string,
  identity: Identity | null,
): Promise<Order> {
  const known = await readOrder(database, id, isStaff(identity))
  if (known === undefined) throw new Error(`order ${id} is gone`)
  return known.order
}
