import type { Spread } from './figures.ts'

/** What one benchmark found. Figures are ratios within one run wherever a machine's speed would show. */
export interface Report {
  name: string
  what: string
  /** What the project asks of itself; absent where a figure is only kept. */
  wanted?: string
  met?: boolean
  figures: Record<string, Spread | number>
  lines: string[]
}
