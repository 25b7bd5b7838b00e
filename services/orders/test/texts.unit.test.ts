import { expect, it } from 'vitest'
import { copiesText } from '../src/rules/copies-text.ts'
import { formatMoney } from '../src/rules/money-text.ts'

it('writes money with the digits that its currency has', () => {
  expect(formatMoney(1299, 'EUR')).toBe('€12.99')
  expect(formatMoney(1299, 'JPY')).toBe('¥1,299')
  expect(formatMoney(1299, 'KWD')).toBe('KWD\u00a01.299')
  expect(formatMoney(0, 'USD')).toBe('$0.00')
  expect(formatMoney(5, 'GBP')).toBe('£0.05')
  expect(formatMoney(2_147_483_646 * 999, 'EUR')).toBe('€21,453,361,623.54')
})

it('counts copies', () => {
  expect([0, 1, 2].map(copiesText)).toEqual(['0 copies', '1 copy', '2 copies'])
})
