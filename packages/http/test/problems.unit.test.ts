import { describe, expect, test } from 'vitest'
import { defineProblems, Problem, problems } from '../src/index.ts'
import { mergeProblems } from '../src/problems/problem.ts'

const table = defineProblems({ isbn_taken: { status: 409, title: 'Another book has this ISBN' } })

test('a problem carries what its table says, and what happened', () => {
  const cause = new Error('duplicate key')
  const problem = problems(table)('isbn_taken', '9780141439587 is of Emma', { cause, extra: { bookId: '1' } })
  expect(problem).toBeInstanceOf(Problem)
  expect(problem).toMatchObject({
    code: 'isbn_taken',
    status: 409,
    title: 'Another book has this ISBN',
    message: 'isbn_taken: 9780141439587 is of Emma',
    cause,
    extra: { bookId: '1' },
  })
  expect(problem).not.toHaveProperty('errors')
})

describe('a table that cannot be used is refused where it is written', () => {
  test.each([
    [{ isbnTaken: { status: 409, title: 'x' } }, 'problem code "isbnTaken" must be snake_case'],
    [{ isbn_: { status: 409, title: 'x' } }, 'problem code "isbn_" must be snake_case'],
    [
      { isbn_taken: { status: 200, title: 'x' } },
      'problem isbn_taken has status 200: it must be from 400 to 599',
    ],
  ])('%o', (wrong, message) => {
    expect(() => defineProblems(wrong as Record<string, { status: number; title: string }>)).toThrow(message)
  })

  test('two tables may not share a code', () => {
    expect(() => mergeProblems([table, table])).toThrow('problem code "isbn_taken" is defined twice')
    expect(mergeProblems([table, {}])).toEqual(table)
  })
})
