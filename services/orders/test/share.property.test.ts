import fc from 'fast-check'
import { expect, it } from 'vitest'
import { creditEntries } from '../src/invoices/credit-entries.ts'
import { sumsByRate, written } from '../src/invoices/entries.ts'
import type { Invoice } from '../src/invoices/schema.ts'
import { itemOf } from '../src/process/refund-items.ts'
import { statusByLines } from '../src/rules/fulfilment.ts'
import { shareOf } from '../src/rules/share.ts'
import { spread } from '../src/rules/spread.ts'

/** What adds up to a number, in parts of at least one. */
const partsOf = (whole: number) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: whole }), { maxLength: 8 })
    .map((cuts) => [...new Set([...cuts, whole])].sort((a, b) => a - b))
    .map((cuts) => cuts.map((cut, index) => cut - (cuts[index - 1] ?? 0)))

const split = fc.integer({ min: 1, max: 999 }).chain((quantity) =>
  fc.record({
    quantity: fc.constant(quantity),
    total: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    parts: partsOf(quantity),
  }),
)

it('gives parts of a line that add up to its total exactly, however it is split', () => {
  fc.assert(
    fc.property(split, ({ quantity, total, parts }) => {
      let from = 0
      let sum = 0
      for (const part of parts) {
        const share = shareOf(total, quantity, from, from + part)
        expect(share).toBeGreaterThanOrEqual(0)
        expect(Math.abs(share - (total / quantity) * part)).toBeLessThanOrEqual(1 + total * 1e-15)
        from += part
        sum += share
      }
      expect(sum).toBe(total)
    }),
  )
})

const sumsLeft = fc.array(
  fc
    .record({ gross: fc.integer({ min: 0, max: 1e12 }), share: fc.double({ min: 0, max: 0.5, noNaN: true }) })
    .map(({ gross, share }) => ({ gross, tax: Math.floor(gross * share) })),
  { minLength: 1, maxLength: 5 },
)

it('spreads an amount over tax rates exactly, and never beyond what is left', () => {
  fc.assert(
    fc.property(sumsLeft, fc.double({ min: 0, max: 1, noNaN: true }), (sums, part) => {
      const left = sums.map((sum, taxRate) => ({ taxRate, ...sum }))
      const all = left.reduce((sum, { gross }) => sum + gross, 0)
      const amount = Math.floor(all * part)
      const spreadOut = spread(left, amount)
      expect(spreadOut.reduce((sum, { gross }) => sum + gross, 0)).toBe(amount)
      for (const { taxRate, gross, tax } of spreadOut) {
        const rest = left[taxRate]
        expect(gross).toBeLessThanOrEqual(rest?.gross ?? 0)
        expect(tax).toBeLessThanOrEqual(rest?.tax ?? 0)
        expect(gross - tax).toBeLessThanOrEqual((rest?.gross ?? 0) - (rest?.tax ?? 0))
        if (gross === rest?.gross) expect(tax).toBe(rest.tax)
      }
    }),
  )
})

const lines = fc.array(
  fc.record({
    unit: fc.integer({ min: 0, max: 5000 }),
    quantity: fc.integer({ min: 1, max: 9 }),
    taxRate: fc.constantFrom(0, 5.5, 7, 19),
  }),
  { minLength: 1, maxLength: 4 },
)
const steps = fc.array(
  fc.oneof(
    fc.record({ line: fc.nat({ max: 3 }), copies: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ amount: fc.integer({ min: 1, max: 3000 }) }),
  ),
  { maxLength: 12 },
)

it('writes credit notes that take back no more than the invoice says, and all of it in the end', () => {
  fc.assert(
    fc.property(lines, steps, (given, todo) => {
      const rows = given.map(({ unit, quantity, taxRate }, index) => {
        const total = unit * quantity
        const tax = Math.round((total * taxRate) / (100 + taxRate))
        return { position: index + 1, quantity, total, tax, taxRate, cancelled: 0, returned: 0 }
      })
      const invoice = documentOf(
        rows.map(({ position, quantity, total, tax, taxRate }) => {
          return { position, description: 'Book', isbn13: null, quantity, taxRate, gross: total, tax }
        }),
      )
      const notes: Invoice[] = []
      let left = invoice.gross.amount
      const credit = (amount: number, items: ReturnType<typeof itemOf>[]) => {
        if (amount === 0 || amount > left) return
        left -= amount
        const note = documentOf(creditEntries(invoice, notes, { amount, reason: 'x', items }))
        expect(note.gross.amount).toBe(amount)
        notes.push(note)
      }
      for (const step of todo) {
        if ('amount' in step) {
          credit(step.amount, [])
          continue
        }
        const row = rows[step.line]
        if (row === undefined || row.returned + step.copies > row.quantity) continue
        const item = itemOf(
          { ...row, bookId: '', title: '', tracked: true, allocated: 0, shipped: 0 },
          step.copies,
        )
        row.returned += step.copies
        credit(item.amount, [item])
      }
      credit(left, [])
      const back = sumsByRate(notes.flatMap(sums)).filter(({ gross }) => gross > 0)
      expect(back).toEqual(sumsByRate(sums(invoice)).filter(({ gross }) => gross > 0))
    }),
    { numRuns: 300 },
  )
})

function sums({ totals }: Invoice) {
  return totals.map(({ taxRate, gross, tax }) => ({ taxRate, gross: gross.amount, tax: tax.amount }))
}

function documentOf(entries: Parameters<typeof written>[0]): Invoice {
  const address = { name: 'A', line1: 'B', postalCode: '1', city: 'C', country: 'DE' }
  return {
    kind: 'invoice',
    number: 1,
    date: '2026-06-01',
    orderId: '',
    orderNumber: 1,
    invoiceNumber: null,
    reason: null,
    seller: '',
    buyer: { email: '', billingAddress: address, shippingAddress: address },
    ...written(entries, 'EUR'),
  }
}

it('tells by its lines what a shipped order is', () => {
  const line = (quantity: number, shipped: number, cancelled = 0, returned = 0) => {
    return { quantity, shipped, cancelled, returned }
  }
  expect(statusByLines([line(2, 2), line(1, 0)])).toBe('partly_shipped')
  expect(statusByLines([line(2, 2, 0, 2), line(1, 0)])).toBe('partly_shipped')
  expect(statusByLines([line(2, 2), line(1, 0, 1)])).toBe('shipped')
  expect(statusByLines([line(2, 2, 0, 1)])).toBe('shipped')
  expect(statusByLines([line(2, 1, 1, 1), line(1, 0, 1)])).toBe('returned')
})
