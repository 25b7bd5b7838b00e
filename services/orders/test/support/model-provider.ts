// What the payment provider does to the model of model.property.test.ts, by itself and by its webhooks.
import fc from 'fast-check'
import { recordCharge } from '../../src/process/settlement.ts'
import type { OrdersHarness } from '../harness.ts'
import type { FakeOutcome, Take } from './fake-payments.ts'
import { type Action, at, index, type Run, whichOrder } from './model-run.ts'

/** What charges take of what is asked for, where that is another amount. */
const otherTakes: Readonly<Record<string, Take>> = {
  less: ({ amount, currency }) => ({ amount: Math.ceil(amount / 3), currency }),
  more: ({ amount, currency }) => ({ amount: amount + 250, currency }),
  nothing: ({ currency }) => ({ amount: 0, currency }),
  dollars: ({ amount }) => ({ amount, currency: 'USD' }),
}

export const otherOutcomes: ReadonlyMap<string, FakeOutcome> = new Map(
  Object.entries(otherTakes).map(([what, take]) => [`tok_${what}`, { take }]),
)

export const provider = fc
  .record({ charge: index, what: fc.constantFrom('all', 'decline', ...Object.keys(otherTakes)) })
  .map(({ charge, what }) => ({
    name: `the provider decides about a charge that it had left open: ${what}`,
    async run({ shop }: Run) {
      const open = shop.payments.pending()
      if (open.length === 0) return
      const outcome = what === 'decline' ? { decline: 'after some thought' } : { take: takeOf(what) }
      shop.payments.settle(at(open, charge), outcome)
    },
  }))

function takeOf(what: string): Take {
  return otherTakes[what] ?? ((asked) => asked)
}

/** Until it happens otherwise. */
export function refuses(refuses: boolean): Action {
  return {
    name: `the provider ${refuses ? 'refuses to give' : 'gives'} money back from now on`,
    async run({ shop }) {
      shop.payments.refusal = refuses ? 'the charge is disputed' : null
    },
  }
}

export const refusing = fc.boolean().map(refuses)

export const brokenWord = fc
  .record({ order: whichOrder, what: fc.constantFrom('all', ...Object.keys(otherTakes)) })
  .map(({ order, what }) => ({
    name: `the provider takes what it has declined for order ${order}: ${what}`,
    async run({ shop, orders }: Run) {
      const id = orders.length === 0 ? '' : at(orders, order)
      const charge = shop.payments.takeDeclined(`charge-${id}`, takeOf(what))
      if (charge !== undefined) await recordCharge(shop.orders.deps, id, charge)
    },
  }))

export function webhookOf(order: number, tellsAmount: boolean): Action {
  return {
    name: `a webhook tells of the charge of order ${order}${tellsAmount ? '' : ', without its amount'}`,
    async run({ shop, orders }) {
      if (orders.length > 0) await tell(shop, at(orders, order), tellsAmount)
    },
  }
}

export const webhook = fc.tuple(whichOrder, fc.boolean()).map((given) => webhookOf(...given))

/**
 * Tells what the provider has decided about an order's charge. Where it took less than was asked for, or another
 * currency, it always tells so: nobody could know otherwise that the order is not paid.
 */
export async function tell(shop: OrdersHarness, orderId: string, tellsAmount: boolean): Promise<void> {
  const charge = shop.payments.told(`charge-${orderId}`)
  if (charge === undefined) return
  const { asked, taken, currency } = shop.payments.accountOf(`charge-${orderId}`)
  const isLess = taken < asked || currency !== 'EUR'
  const { took: _, ...untold } = charge
  await recordCharge(shop.orders.deps, orderId, tellsAmount || isLess ? charge : untold)
}
