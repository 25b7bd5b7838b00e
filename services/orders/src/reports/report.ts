import type { Sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'

/** A cell: money in minor units, and a day as an ISO date. */
export type Cell = string | number | null

/** How a column's cells are to be read. Money is of the currency in the row's column `currency`. */
export type CellType = 'text' | 'count' | 'money' | 'day'

export interface Column {
  name: string
  type: CellType
}

/** A report that is made every night, or by hand. */
export interface Report {
  name: string
  /** For people. */
  title: string
  /** Whether it tells how things stand when it is made: it is about that day and no other. */
  isOfNow?: true
  columns: readonly Column[]
  /**
   * Works it out.
   * @param day ISO date that it is about, in UTC
   * @param limit rows it gives at most
   */
  read(deps: OrdersDeps, day: string, limit: number): Promise<Cell[][]>
}

/** The days of a report as moments: from the first until before the second. Days are in UTC. */
export function daysUpTo(day: string, count = 1): { from: Date; to: Date } {
  const begin = new Date(`${day}T00:00:00Z`)
  const move = (days: number) => new Date(begin.getTime() + days * 86_400_000)
  return { from: move(1 - count), to: move(1) }
}

/** The day before a moment, in UTC: whose sales are known then. */
export function dayBefore(moment: Date): string {
  return new Date(moment.getTime() - 86_400_000).toISOString().slice(0, 10)
}

/** The day that a report is about when it is made now, for a night or a person that asks about another. */
export function dayAbout({ isOfNow }: Report, day: string, now: Date): string {
  return isOfNow ? now.toISOString().slice(0, 10) : day
}

/** How long the statement of a report may take, in milliseconds: nobody waits for it. */
const timeout = 300_000

/** The rows of a statement that may take long, by the names of their columns. */
export function readSlowly<Row>({ database }: Pick<OrdersDeps, 'database'>, statement: Sql): Promise<Row[]> {
  return database.transaction((tx) => tx.query<Row>(statement), { readOnly: true, statementTimeout: timeout })
}

/** Rows by name as cells in the order of the columns. */
export function cellsOf(columns: readonly Column[], rows: readonly Record<string, Cell>[]): Cell[][] {
  return rows.map((row) => columns.map(({ name }) => row[name] ?? null))
}
