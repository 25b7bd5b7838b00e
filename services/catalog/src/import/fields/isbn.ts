import { type Isbn, type RepairResult, repairIsbn } from '@colophon/isbn'

/** What became of an ISBN on its way through tables. */
export type IsbnOutcome = RepairResult['kind']

export interface IsbnCell {
  /** The column's name in the file. */
  column: string
  text: string
}

export interface IsbnRemark {
  cell: IsbnCell
  code: string
  message: string
}

export interface ChosenIsbn {
  /** Null where the row has none, undefined where what it has cannot be used. */
  isbn13: string | null | undefined
  /** Of the row: the best that its columns give. */
  outcome: IsbnOutcome
  columns: { column: string; outcome: IsbnOutcome }[]
  remarks: IsbnRemark[]
}

interface ReadCell {
  cell: IsbnCell
  result: RepairResult
}

/**
 * The ISBN of a row whose columns each may have been through a spreadsheet. One that is right as written is
 * taken before one that had to be repaired; two that differ and are equally good speak against each other,
 * and none is taken. A repaired one must agree with what is left of a destroyed one beside it.
 */
export function chooseIsbn(cells: readonly IsbnCell[]): ChosenIsbn {
  const read = cells.map((cell): ReadCell => ({ cell, result: repairIsbn(cell.text) }))
  const columns = read.map(({ cell, result }) => ({ column: cell.column, outcome: result.kind }))
  const invalid = read.flatMap(({ cell, result }) =>
    result.kind === 'invalid' ? [{ cell, code: result.code, message: result.message }] : [],
  )
  const chosen = chooseBest(read)
  if (chosen) return { ...chosen, columns, remarks: [...chosen.remarks, ...invalid] }
  const destroyed = read.flatMap(({ cell, result }) =>
    result.kind === 'destroyed' ? [{ cell, code: 'isbn_destroyed', message: result.note }] : [],
  )
  if (destroyed.length > 0) {
    return { isbn13: undefined, outcome: 'destroyed', columns, remarks: [...destroyed, ...invalid] }
  }
  if (invalid.length > 0) return { isbn13: undefined, outcome: 'invalid', columns, remarks: invalid }
  return { isbn13: cells.length > 0 ? null : undefined, outcome: 'missing', columns, remarks: [] }
}

type Best = Pick<ChosenIsbn, 'isbn13' | 'outcome' | 'remarks'>

function chooseBest(read: readonly ReadCell[]): Best | undefined {
  for (const kind of ['valid', 'repaired'] as const) {
    const [first] = read.filter(({ result }) => result.kind === kind)
    if (first?.result.kind !== 'valid' && first?.result.kind !== 'repaired') continue
    const { isbn } = first.result
    const against = read.filter((other) => !agrees(isbn, other))
    const mismatches = against.map(({ cell }) => ({
      cell,
      code: 'isbn_mismatch',
      message: `${cell.column} and ${first.cell.column} are not the same book's`,
    }))
    const beaten = kind === 'valid' && against.every(({ result }) => result.kind !== 'valid')
    if (mismatches.length > 0 && !beaten)
      return { isbn13: undefined, outcome: 'invalid', remarks: mismatches }
    const repaired =
      first.result.kind === 'repaired'
        ? [
            {
              cell: first.cell,
              code: 'isbn_repaired',
              message: `read as ${isbn.isbn13}: ${first.result.note}`,
            },
          ]
        : []
    return { isbn13: isbn.isbn13, outcome: kind, remarks: [...repaired, ...mismatches] }
  }
  return undefined
}

function agrees(isbn: Isbn, { cell, result }: ReadCell): boolean {
  if (result.kind === 'valid' || result.kind === 'repaired') return result.isbn.isbn13 === isbn.isbn13
  return result.kind !== 'destroyed' || couldBe(isbn, cell.text)
}

/**
 * Whether a number in scientific notation may be what was left of this ISBN, whichever way it was rounded.
 */
function couldBe({ isbn13, isbn10 }: Isbn, destroyed: string): boolean {
  const [, digits, exponent] = /^(\d[.,]?\d*)e\+?(\d+)$/i.exec(destroyed.trim()) ?? []
  if (digits === undefined) return true
  const kept = digits.replace(/\D/g, '').length
  const rounding = 10 ** (Number(exponent) + 1 - kept) / 2
  const number = Number(`${digits.replace(',', '.')}e${exponent}`)
  return [isbn13, isbn10].some((form) => Math.abs(Number(form ?? Number.NaN) - number) <= rounding)
}
