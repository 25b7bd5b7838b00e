import type { OrdersDeps } from '../../deps.ts'
import { readOrder } from '../../orders/read-order.ts'
import type { Order } from '../../schemas.ts'

/** An order after it was placed or changed, as the answer. */
export async function orderAnswer({ database }: OrdersDeps, id: string): Promise<Order> {
  const known = await readOrder(database, id)
  if (known === undefined) throw new Error(`order ${id} is gone`)
  return known.order
}
