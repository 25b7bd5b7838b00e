import fc from 'fast-check'
import type { OrdersHarness } from '../harness.ts'

/** What a run of actions works on. */
export interface Run {
  shop: OrdersHarness
  /** One with many copies, one with few, one sold beyond its stock, one e-book. */
  books: string[]
  orders: string[]
}

/** Something that happens to a shop, of whatever kind, at whatever moment. */
export interface Action {
  name: string
  run(run: Run): Promise<unknown>
}

/** Which of a list that is known only as the action runs: `at` it. */
export const index = fc.nat({ max: 1_000 })

/** Of few, so that much happens to the same. */
export const whichOrder = fc.nat({ max: 4 })

export function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T
}
