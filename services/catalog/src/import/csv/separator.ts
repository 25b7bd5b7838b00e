import { endOfLine } from './lines.ts'
import { parseTable } from './parse.ts'

export const separators = [',', ';', '\t', '|'] as const
export type Separator = (typeof separators)[number]

export interface FoundSeparator {
  separator: Separator
  /** Bytes of a first line that only says so (`sep=;`, which Excel reads and writes). */
  skip: number
}

/** Records that tell how a table is separated. */
const tried = 20

/** The separator under which the first records have the most cells and all the same number of them. */
export function findSeparator(table: Buffer): FoundSeparator {
  const end = endOfLine(table, 0)
  const said = /^"?sep=(?<separator>[,;\t|])"?\s*$/i.exec(table.toString('utf8', 0, Math.min(end, 16)))
  if (said) return { separator: said.groups?.separator as Separator, skip: end }
  const [best] = separators
    .map((separator) => ({ separator, score: score(table, separator) }))
    .sort((one, other) => other.score - one.score)
  return { separator: best?.score ? best.separator : ',', skip: 0 }
}

function score(table: Buffer, separator: Separator): number {
  const { records } = parseTable(table, separator, 'loose', tried)
  const widths = records.map(({ cells }) => cells.length).filter((width) => width > 1)
  const shares = widths.map((width) => ({
    width,
    share: widths.filter((other) => other === width).length / records.length,
  }))
  // Squared, since a separator that is only a sign within the texts gives ragged records.
  return Math.max(0, ...shares.map(({ width, share }) => width * share ** 2))
}
