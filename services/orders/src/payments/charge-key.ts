import { isUuid } from '@colophon/http'

const prefix = 'charge-'

/** The key under which the provider takes an order's money, once. */
export function chargeKeyOf(orderId: string): string {
  return `${prefix}${orderId}`
}

/** The id of the order whose charge has this key; undefined for a key that is of none. */
export function orderIdOf(chargeKey: string): string | undefined {
  const id = chargeKey.slice(prefix.length)
  return chargeKey.startsWith(prefix) && isUuid(id) ? id : undefined
}
