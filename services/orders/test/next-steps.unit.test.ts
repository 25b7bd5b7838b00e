import { describe, expect, it } from 'vitest'
import { dueAfter, nextStep, patience } from '../src/process/next-steps.ts'

const now = new Date('2026-06-01T12:00:00Z')
const inMinutes = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
const standing = {
  status: 'placed',
  holdUntil: inMinutes(15),
  payment: 'pending',
  pendingRefunds: 0,
} as const

describe('when an order is seen to again', () => {
  it('is later after each time that nothing came of it, up to an hour', () => {
    const waits = [0, 1, 2, 3, 6, 100].map((nudges) => patience(nudges) / 60_000)
    expect(waits).toEqual([1, 2, 4, 8, 60, 60])
  })

  it('is no later than the end of its holds, while it is placed', () => {
    expect(dueAfter(standing, 0, now)).toEqual(inMinutes(1))
    expect(dueAfter(standing, 5, now)).toEqual(inMinutes(15))
    expect(dueAfter({ status: 'paid', holdUntil: null }, 5, now)).toEqual(inMinutes(32))
    expect(dueAfter({ ...standing, holdUntil: inMinutes(-1) }, 1, now)).toEqual(inMinutes(2))
  })
})

describe('what is to be done next', () => {
  it.each([
    ['charge', {}],
    ['expire', { holdUntil: inMinutes(0) }],
    ['confirm', { status: 'paid', payment: 'charged' }],
    ['settle', { status: 'cancelled' }],
    ['refund', { status: 'cancelled', payment: 'charged', pendingRefunds: 1 }],
    ['refund', { status: 'shipped', payment: 'charged', pendingRefunds: 1 }],
    [null, { status: 'confirmed', payment: 'charged' }],
    [null, { status: 'declined', payment: 'declined' }],
  ] as const)('%s for %j', (step, change) => {
    expect(nextStep({ ...standing, ...change }, now)).toBe(step)
  })
})
