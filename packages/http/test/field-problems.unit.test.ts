import Type, { type TSchema } from 'typebox'
import { describe, expect, test } from 'vitest'
import { line, nullable, paragraphs, uuid } from '../src/index.ts'
import { fieldProblems } from '../src/validation/field-problems.ts'
import { createValidator } from '../src/validation/formats.ts'

const validator = createValidator(false)

function problemsOf(schema: TSchema, value: unknown): string[] {
  const validate = validator.compile(schema)
  if (validate(value)) return []
  return fieldProblems(validate.errors ?? [], 20).map(
    ({ path, code, message }) => `${path} ${code}: ${message}`,
  )
}

const Money = Type.Object({ amount: Type.Integer({ minimum: 0 }), currency: Type.String() })

describe('a value says what it must be', () => {
  const cases: [string, TSchema, unknown, string[]][] = [
    ['a type', Type.Boolean(), 'yes', [' wrong_type: must be true or false']],
    ['a format', uuid(), 'x', [' wrong_format: must be a UUID']],
    ['a format or null', nullable(uuid()), 'x', [' wrong_format: must be a UUID or null']],
    ['a choice', Type.Enum(['a', 'b', 'c']), 'd', [' invalid_value: must be one of "a", "b", "c"']],
    [
      'a choice or null',
      nullable(Type.Enum(['a', 'b'])),
      'd',
      [' invalid_value: must be one of "a", "b", null'],
    ],
    [
      'words',
      Type.Union([Type.Literal('a'), Type.Literal('b')]),
      'd',
      [' invalid_value: must be "a" or "b"'],
    ],
    [
      'kinds',
      Type.Union([Type.Integer(), Type.Array(Type.Integer())]),
      'd',
      [' invalid_value: must be a whole number or a list'],
    ],
    [
      'a length',
      Type.String({ maxLength: 2 }),
      '😀😀😀',
      [' too_long: must have at most 2 characters, not 3'],
    ],
    [
      'a number of items',
      Type.Array(Type.Integer(), { minItems: 1 }),
      [],
      [' too_few: must have at least 1 item'],
    ],
    [
      'items once',
      Type.Array(Type.Integer(), { uniqueItems: true }),
      [1, 2, 1],
      [' duplicate: must not have the same item twice (items 0 and 2)'],
    ],
    ['a bound', Type.Number({ exclusiveMinimum: 0 }), 0, [' too_small: must be > 0']],
    ['a pattern', Type.String({ pattern: '^a' }), 'b', [' wrong_format: must be text that matches ^a']],
    ['a text with something in it', line({ maxLength: 9 }), '', [' required: must not be blank']],
    ['a text that is seen', line({ maxLength: 9 }), ' \u3000\n', [' required: must not be blank']],
    [
      'a text of one line',
      nullable(line({ maxLength: 9 })),
      'a\nb',
      [' wrong_format: must be text of one line that is not blank and has no control characters or null'],
    ],
    [
      'a text of several lines',
      paragraphs({ maxLength: 9 }),
      'a\n\u0001b',
      [
        ' wrong_format: must be text that is not blank and has no control characters but tabs and line breaks',
      ],
    ],
    [
      'another one than',
      nullable(Type.Integer({ not: Type.Literal(0) })),
      0,
      [' invalid_value: must not be 0'],
    ],
    [
      'a member with something in it',
      Type.Object({ name: line({ maxLength: 9 }) }),
      {},
      ['/name required: is required: text of one line that is not blank and has no control characters'],
    ],
    [
      'a code',
      nullable(Type.String({ pattern: '^[A-Z]{3}$' })),
      'eur',
      [' wrong_format: must be text of three capital letters or null'],
    ],
    [
      'a web address',
      Type.String({ format: 'uri', pattern: '^https?://[^/?#:@]' }),
      'ftp://example.com',
      [' wrong_format: must be an absolute URL that begins with http:// or https:// and a host'],
    ],
    ['a member with a slash', Type.Object({ 'a/b': Type.Null() }), {}, ['/a~1b required: is required: null']],
  ]
  test.each(cases)('%s', (_, schema, value, problems) => {
    expect(problemsOf(schema, value)).toEqual(problems)
  })
})

describe('an object that may be null', () => {
  test('says what is wrong within it', () => {
    expect(problemsOf(nullable(Money), { amount: -1 })).toEqual([
      '/currency required: is required: text',
      '/amount too_small: must be a whole number of at least 0',
    ])
  })

  test('says what it must be when it is neither', () => {
    expect(problemsOf(nullable(Money), 7)).toEqual([' invalid_value: must be an object or null'])
  })

  test('is told apart from its neighbours in a list', () => {
    const prices = Type.Object({ prices: Type.Array(nullable(Money)) })
    const eleven = [...Array.from({ length: 10 }, () => null), { amount: 1 }, 5]
    expect(problemsOf(prices, { prices: [...eleven.slice(0, 1), 7, ...eleven.slice(2)] })).toEqual([
      '/prices/1 invalid_value: must be an object or null',
      '/prices/10/currency required: is required: text',
      '/prices/11 invalid_value: must be an object or null',
    ])
  })
})
