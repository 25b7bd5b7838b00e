import { describe, expect, test } from 'vitest'
import { Decimal, PlainDate, PlainTime, Uuid } from '../../src/protocol/python-values.ts'
import { pythonArgsRepr, pythonRepr } from '../../src/protocol/repr.ts'
import { parseDateTime } from '../../src/protocol/time.ts'

describe('a value is shown as Python shows it', () => {
  test.each<[unknown, string]>([
    [null, 'None'],
    [undefined, 'None'],
    [true, 'True'],
    [false, 'False'],
    [1, '1'],
    [-0, '-0.0'],
    [1.5, '1.5'],
    [1e15, '1000000000000000'],
    [1e16, '1e+16'],
    [2 ** 53, '9007199254740992.0'],
    [123456789012345680, '1.2345678901234568e+17'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-10, '1.5e-10'],
    [1e300, '1e+300'],
    [Number.NaN, 'nan'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [10n ** 20n, '100000000000000000000'],
    ["it's", "'it\\'s'"],
    ['say "hi"', '\'say "hi"\''],
    ['a\n\\', "'a\n\\'"],
    [new TextEncoder().encode("it's"), "b'it's'"],
    [Uint8Array.of(0xff, 1), "b'ff01'"],
    [{}, '{}'],
    [[], '[]'],
    [{ x: 1, none: undefined, y: [null] }, "{'x': 1, 'y': [None]}"],
    [new Decimal('1.50'), "Decimal('1.50')"],
    [new Uuid('00000000000000000000000000000005'), "UUID('00000000-0000-0000-0000-000000000005')"],
    [new PlainDate('2024-01-02'), 'datetime.date(2024, 1, 2)'],
    [new PlainTime('01:02'), 'datetime.time(1, 2)'],
    [new PlainTime('01:02:03.000004'), 'datetime.time(1, 2, 3, 4)'],
    [new PlainTime('01:02:00+00:00'), 'datetime.time(1, 2, tzinfo=datetime.timezone.utc)'],
    [new Date('2024-01-02T00:00:00Z'), 'datetime.datetime(2024, 1, 2, 0, 0, tzinfo=datetime.timezone.utc)'],
    [
      parseDateTime('2024-01-02T03:04:05.006007-03:30'),
      'datetime.datetime(2024, 1, 2, 3, 4, 5, 6007, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=73800)))',
    ],
    [parseDateTime('2024-01-02T03:04:05'), 'datetime.datetime(2024, 1, 2, 3, 4, 5)'],
    [[[[[1]]]], '[[[[...]]]]'],
    [{ a: { b: { c: { d: 1 } } } }, "{'a': {'b': {'c': {...}}}}"],
  ])('%#', (value, text) => {
    expect(pythonRepr(value)).toBe(text)
  })

  test.each<[unknown[], string]>([
    [[], '()'],
    [[1], '(1,)'],
    [[1, 'a'], "(1, 'a')"],
  ])('arguments are a tuple: %j', (args, text) => {
    expect(pythonArgsRepr(args)).toBe(text)
  })

  test.each([
    [8, "(1, 'hell...', ...)"],
    [15, "(1, 'hello...', , ...)"],
    [22, "(1, 'hello world foo', , ...)"],
  ])('cut at %i characters', (length, text) => {
    expect(pythonArgsRepr([1, 'hello world foo', { a: 1 }, [4]], length)).toBe(text)
  })

  test('characters beyond U+FFFF are never cut in half', () => {
    expect(pythonRepr('😀😀😀😀', 3)).toBe("'😀😀😀...'")
  })
})

describe('whatever it is, it is shown', () => {
  const cycle: unknown[] = []
  cycle.push(cycle)

  test.each<[unknown, string]>([
    [function run() {}, '<function run>'],
    [Symbol('x'), 'Symbol(x)'],
    [new Map(), '<Map>'],
    [new Error('x'), '<Error>'],
    [new Date(Number.NaN), '<Invalid Date>'],
    [new URL('https://example.org/'), "'https://example.org/'"],
    [{ toJSON: 1 }, "{'toJSON': 1}"],
    [cycle, '[[[[...]]]]'],
    [
      {
        get x() {
          throw new Error('no')
        },
      },
      '{<unrepresentable>',
    ],
  ])('%#', (value, text) => {
    expect(pythonRepr(value)).toBe(text)
  })

  test('and no more of it is visited than is shown', () => {
    let visited = 0
    const items = new Proxy(new Array(100_000).fill(1), {
      get(target, key) {
        visited++
        return Reflect.get(target, key)
      },
    })
    expect(pythonRepr(items, 30)).toBe(`[${'1, '.repeat(10)}, ...]`)
    expect(visited).toBeLessThan(50)
  })
})
