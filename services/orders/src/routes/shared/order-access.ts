import type { Identity } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../../deps.ts'
import { isOrderToken } from '../../orders/order-token.ts'
import { type KnownOrder, readOrder } from '../../orders/read-order.ts'
import { ordersProblem } from '../../problems.ts'
import { isStaff } from './access.ts'

/** How a guest shows that an order is theirs. */
export const orderHeaders = Type.Object({
  'order-token': Type.Optional(
    Type.String({ maxLength: 100, description: "For guests: the token that came with the order's answer" }),
  ),
})

/** Who asks, and with what. */
interface Asking {
  identity: Identity | null
  headers: { 'order-token'?: string | string[] | undefined }
}

/**
 * An order, for those who may see it: its owner, staff, and a guest with its token. To everybody else it is as if there
 * were none, so that nobody learns which ids there are.
 * @throws Problem order_not_found
 */
export async function visibleOrder(deps: OrdersDeps, asking: Asking, id: string): Promise<KnownOrder> {
  const known = await readOrder(deps.database, id, isStaff(asking.identity))
  if (known !== undefined && maySee(deps, asking, known)) return known
  const hint = asking.identity === null ? ': sign in, or send the Order-Token that came with its answer' : ''
  throw ordersProblem('order_not_found', `there is no order ${id} of yours${hint}`)
}

function maySee({ orderTokenKey }: OrdersDeps, { identity, headers }: Asking, known: KnownOrder): boolean {
  if (isStaff(identity)) return true
  if (identity !== null && known.accountId === identity.accountId) return true
  const token = headers['order-token']
  return (
    known.accountId === null &&
    typeof token === 'string' &&
    isOrderToken(orderTokenKey, known.order.id, token)
  )
}

/** Who does it, for the history. */
export function actorOf(identity: Identity | null): string {
  return identity?.accountId ?? 'guest'
}
