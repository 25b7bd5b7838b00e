/**
 * What some copies of a line cost, in minor units: those from the count `from` up to `to`, where the copies of a line are
 * counted as they are given back. Each part is the difference of two sums that are rounded down, so that the parts of
 * any split add up to the total exactly.
 * @param total of the whole line
 * @param quantity of the whole line, at least 1
 */
export function shareOf(total: number, quantity: number, from: number, to: number): number {
  // The product may be beyond 2^53.
  const upTo = (copies: number) => (BigInt(total) * BigInt(copies)) / BigInt(quantity)
  return Number(upTo(to) - upTo(from))
}
