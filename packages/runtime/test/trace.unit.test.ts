import { describe, expect, it } from 'vitest'
import { continueTrace, currentContext, traceIdOf, withContext } from '../src/index.ts'

// The example of https://www.w3.org/TR/trace-context/#traceparent-header
const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const shape = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

describe('trace context', () => {
  it("continues the caller's trace under a span of its own", () => {
    const own = continueTrace(parent)
    expect(own).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/)
    expect(own).not.toBe(parent)
    expect(traceIdOf(own)).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
  })

  it.each([
    ['01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03', '03'],
    ['cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09-what-the-future-will-be-like', '01'],
  ])('continues the trace of a later version: %s', (header, flags) => {
    expect(continueTrace(header)).toMatch(
      new RegExp(`^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-${flags}$`),
    )
  })

  it.each([
    [undefined],
    [''],
    ['rubbish'],
    [parent.toUpperCase()],
    [`${parent}-more`],
    [`ff${parent.slice(2)}`],
    [`01${parent.slice(2)}more`],
    ['00-00000000000000000000000000000000-00f067aa0ba902b7-01'],
    ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01'],
  ])('starts a new trace for %s', (header) => {
    const own = continueTrace(header)
    expect(own).toMatch(shape)
    expect(traceIdOf(own)).not.toBe('4bf92f3577b34da6a3ce929d0e0e4736')
  })
})

describe('the context of work', () => {
  it('is seen by everything the work calls, and by nothing else', async () => {
    const one = { requestId: 'one', traceparent: continueTrace(undefined) }
    const two = { requestId: 'two', traceparent: continueTrace(undefined), deadline: 5 }
    const seen = () => new Promise((resolve) => setImmediate(() => resolve(currentContext())))
    expect(await Promise.all([withContext(one, seen), withContext(two, seen), seen()])).toEqual([
      one,
      two,
      undefined,
    ])
  })
})
