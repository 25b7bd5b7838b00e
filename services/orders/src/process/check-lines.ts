import type { FieldProblem } from '@colophon/http'
import { ordersProblem } from '../problems.ts'
import type { LineRow } from './order-row.ts'

/** So many copies of a line. */
export interface LineCopies {
  position: number
  quantity: number
}

/** What is wrong with one line of a request. */
export interface LineRefusal {
  field: 'position' | 'quantity' | 'restock'
  code: string
  message: string
}

/**
 * The lines of an order that a request names, each with what was asked of it.
 * @param refuse what is wrong with a line that is there; null when nothing is
 * @throws Problem lines_invalid, with all that is wrong; copies_missing when it is only that copies are not there yet
 */
export function checkLines<Asked extends LineCopies>(
  lines: readonly LineRow[],
  asked: readonly Asked[],
  refuse: (line: LineRow, asked: Asked) => LineRefusal | null,
): { line: LineRow; asked: Asked }[] {
  const byPosition = new Map(lines.map((line) => [line.position, line]))
  const known: { line: LineRow; asked: Asked }[] = []
  const errors: FieldProblem[] = []
  for (const [index, one] of asked.entries()) {
    const line = byPosition.get(one.position)
    const refusal = line === undefined ? unknown : isRepeated(asked, index) ? repeated : refuse(line, one)
    if (line !== undefined && refusal === null) known.push({ line, asked: one })
    if (refusal === null) continue
    const { field, code, message } = refusal
    errors.push({ path: `/lines/${index}/${field}`, code, message })
  }
  if (errors.length === 0) return known
  const code = errors.every((error) => error.code === 'copies_missing') ? 'copies_missing' : 'lines_invalid'
  throw ordersProblem(code, errors.map(({ path, message }) => `${path}: ${message}`).join('; '), {
    errors,
  })
}

const unknown: LineRefusal = { field: 'position', code: 'unknown', message: 'the order has no such line' }
const repeated: LineRefusal = {
  field: 'position',
  code: 'repeated',
  message: 'each line once: add up its copies',
}

function isRepeated(asked: readonly LineCopies[], index: number): boolean {
  return asked.findIndex(({ position }) => position === asked[index]?.position) < index
}
