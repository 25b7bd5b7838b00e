import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTime, PythonDate, parseDateTime, parseTime } from '../../src/protocol/time.ts'

describe('a time in a header', () => {
  test('is read as it was written', () => {
    const years = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') }
    fc.assert(
      fc.property(fc.date({ ...years, noInvalidDate: true }), (time) => {
        expect(parseTime(formatTime(time))).toStrictEqual(time)
      }),
    )
  })

  test.each([
    ['2026-03-01T09:30:00', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01 09:30', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T09:30:00,5Z', '2026-03-01T09:30:00.500Z'],
    ['2026-03-01T09:30:00+0530', '2026-03-01T04:00:00.000Z'],
    ['2026-03-01T00:30:00.123456789+01', '2026-02-28T23:30:00.123Z'],
    ['1900-01-01T00:00:00+00:53:28', '1899-12-31T23:06:32.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(parseTime(text)?.toISOString()).toBe(instant)
  })

  test.each([
    '',
    'tomorrow',
    '12',
    '2026-3-1',
    '2025-02-29',
    '2026-13-01',
    '2026-00-01',
    '2026-01-00',
    '0000-01-01',
    '2026-03-01T24:00:00Z',
    '2026-03-01T09:60:00Z',
    '2026-03-01T09:30:60Z',
    '2026-03-01T09:30:00+24:00',
    '2026-03-01T09:30:00+01:60',
    '2026-03-01T09:30:00Zulu',
    '+002026-03-01T09:30:00Z',
  ])('%j is none', (text) => {
    expect(parseTime(text)).toBeUndefined()
  })

  test('has its offset even if Python sent it without one, since there it would be UTC’s', () => {
    const naive = parseDateTime('2026-07-01T12:00:00', 'Europe/Berlin')
    expect(naive).toBeInstanceOf(PythonDate)
    expect(formatTime(naive as Date)).toBe('2026-07-01T10:00:00.000+00:00')
  })

  test.each([
    ['Europe/Berlin', '2026-03-29T01:59:59', '2026-03-29T00:59:59.000Z'],
    ['Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00.000Z'],
    ['Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00.000Z'],
    ['Europe/Berlin', '2026-10-25T03:00:00', '2026-10-25T02:00:00.000Z'],
    ['Europe/Berlin', '1700-01-01T00:53:28', '1700-01-01T00:00:00.000Z'],
    ['Europe/Berlin', '9999-07-01T02:00:00', '9999-07-01T00:00:00.000Z'],
    ['America/St_Johns', '2026-07-01T00:00:00', '2026-07-01T02:30:00.000Z'],
    ['Pacific/Apia', '2011-12-31T00:00:00', '2011-12-30T10:00:00.000Z'],
    ['Asia/Manila', '1844-12-30T08:00:00', '1844-12-30T23:56:08.000Z'],
    ['Etc/UTC', '2026-07-01T00:00:00', '2026-07-01T00:00:00.000Z'],
  ])('in %s, %s without an offset is %s', (timeZone, text, instant) => {
    expect(parseDateTime(text, timeZone)?.toISOString()).toBe(instant)
  })

  test('costs little without an offset too, even when there are many', () => {
    const from = Date.UTC(2000, 0, 1)
    const texts = Array.from({ length: 100_000 }, (_, i) =>
      new Date(from + i * 3_600_000).toISOString().slice(0, -1),
    )
    const began = performance.now()
    for (const text of texts) parseDateTime(text, 'America/New_York')
    expect(performance.now() - began).toBeLessThan(1_500)
  })

  test.each([new Date(Number.NaN), new Date('+010000-01-01'), new Date('0000-12-31')])(
    '%j Python does not have',
    (time) => {
      expect(() => formatTime(time)).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }))
    },
  )
})
