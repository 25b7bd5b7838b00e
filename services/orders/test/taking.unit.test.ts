import { expect, it } from 'vitest'
import type { Took } from '../src/payments/port.ts'
import { givenBackText, takingOf } from '../src/process/taking.ts'

const asked = { amount: 1594, currency: 'EUR' }
const euros = (amount: number | null): Took => ({ amount, currency: 'EUR' })
const dollars = (amount: number | null): Took => ({ amount, currency: 'USD' })

it.each<[string, Took | undefined]>([
  ['the same', euros(1594)],
  ['the same, in small letters', { amount: 1594, currency: 'eur' }],
  ['an amount of no currency', { amount: 1594, currency: null }],
  ['a currency and no amount', euros(null)],
  ['neither', { amount: null, currency: null }],
  ['nothing at all', undefined],
])('pays when the provider tells of %s', (_case, took) => {
  const taking = takingOf(asked, took)
  expect(taking).toMatchObject({ isMoney: true, isAsAsked: true, paid: 1594, byHand: null })
  expect(givenBackText(taking)).toBe('the payment came after the order was over: it is given back')
})

it.each<[string, Took, number, number, string]>([
  ['less', euros(1000), 1000, 0, '10.00 EUR was charged instead of €15.94: it is given back'],
  ['less, of no currency', { amount: 1, currency: null }, 1, 0, '0.01 EUR was charged instead of €15.94: it'],
  [
    'one cent more',
    euros(1595),
    1594,
    1,
    '15.95 EUR was charged instead of €15.94: it is given back, €0.01 of',
  ],
  ['a hundred times', euros(159_400), 1594, 157_806, 'it is given back, €1,578.06 of it by staff'],
  [
    'another currency',
    dollars(1594),
    0,
    1594,
    '15.94 USD was charged instead of €15.94: it is given back by',
  ],
])('gives back what it can when it took %s', (_case, took, paid, rest, text) => {
  const taking = takingOf(asked, took)
  expect(taking).toMatchObject({ isMoney: true, isAsAsked: false, paid })
  expect(taking.byHand?.amount ?? 0).toBe(rest)
  expect(givenBackText(taking)).toContain(text)
})

it.each([euros(0), dollars(0), { amount: 0, currency: null }])('owes nothing for nothing: %o', (took) => {
  expect(takingOf(asked, took)).toMatchObject({ isMoney: false, isAsAsked: false, paid: 0, byHand: null })
})

it.each<[string, Took, string]>([
  ['more', euros(2000), 'more was charged than was asked for, 20.00 EUR for 15.94 EUR: give the rest back'],
  ['another currency', dollars(1750), '17.50 USD was charged for 15.94 EUR: give it back'],
  [
    'one without cents',
    { amount: 1750, currency: 'jpy' },
    '1750 JPY was charged for 15.94 EUR: give it back',
  ],
  ['an amount not told', dollars(null), 'an amount of USD that is not told was charged for 15.94 EUR'],
  ['no currency', { amount: 1750, currency: '€' }, '1750 (in minor units of €) was charged for 15.94 EUR'],
  ['less than nothing', euros(-5), '-5 (in minor units of EUR) was charged for 15.94 EUR'],
  ['no number of cents', euros(1e300), '1e+300 (in minor units of EUR) was charged for 15.94 EUR'],
])('tells staff what was taken, and what they are to do: %s', (_case, took, refusal) => {
  const { byHand } = takingOf(asked, took)
  expect(byHand?.refusal).toContain(refusal)
  expect(byHand?.refusal).toMatch(/ at the payment provider, then withdraw this$/)
})

it('is as asked when an order that costs nothing took nothing', () => {
  expect(takingOf({ amount: 0, currency: 'EUR' })).toMatchObject({ isMoney: false, isAsAsked: true, paid: 0 })
})

it('owes what was charged for an order that costs nothing, at least as something that staff see to', () => {
  const free = { amount: 0, currency: 'EUR' }
  expect(takingOf(free, euros(500))).toMatchObject({ isAsAsked: false, paid: 0, byHand: { amount: 500 } })
  const other = takingOf(free, dollars(500))
  expect(other).toMatchObject({ isMoney: true, isAsAsked: false, paid: 0, byHand: { amount: 1 } })
  expect(other.byHand?.refusal).toContain('5.00 USD was charged for 0.00 EUR: give it back')
  expect(givenBackText(other)).toBe('5.00 USD was charged instead of €0.00: it is given back by staff')
})
