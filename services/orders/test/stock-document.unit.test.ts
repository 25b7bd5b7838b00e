import { describe, expect, it } from 'vitest'
import { type GoodsLine, linesToBook } from '../src/stock/goods-in/document.ts'

const line = (
  bookId: string,
  quantity = 1,
  cost: number | null = null,
  price: number | null = null,
): GoodsLine => ({ bookId, quantity, cost, price })
const [a, b, c] = [line('a'), line('b', 2), line('c', 3, 750)]

describe('what is to be booked of a document', () => {
  it.each([
    ['that is new: all', [a, b, a], undefined, [a, b, a]],
    ['that came before: nothing', [b, a], { lines: [a, b], refused: 0 }, []],
    ['with the same line twice: nothing', [a, a], { lines: [a, a], refused: 0 }, []],
    ['with a row corrected: that row', [a, c, b], { lines: [a, b], refused: 1 }, [c]],
    ['with rows still refused: nothing', [a], { lines: [a], refused: 2 }, []],
    ['with a line twice that was there once', [a, a], { lines: [a], refused: 1 }, [a]],
    ['that lacks a line: it is another', [a], { lines: [a, b], refused: 1 }, null],
    ['that has a line once less: it is another', [a], { lines: [a, a], refused: 1 }, null],
    ['with a line more: it is another', [a, b], { lines: [a], refused: 0 }, null],
    ['with more than was refused: it is another', [a, b, c], { lines: [a], refused: 1 }, null],
    ['with another cost: it is another', [line('a', 1, 5)], { lines: [a], refused: 0 }, null],
    ['with another price: it is another', [line('a', 1, null, 5)], { lines: [a], refused: 0 }, null],
  ])('%s', (_, lines, before, booked) => {
    expect(linesToBook(lines, before)).toEqual(booked)
  })
})
