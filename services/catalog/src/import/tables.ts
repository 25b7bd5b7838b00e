// What reads tables as people send them, for other services that take some: any encoding, separator and spelling.
export { openCsv } from './csv/open-csv.ts'
export type { CsvRecord } from './csv/records.ts'
export { wholeNumber } from './fields/numbers.ts'
export { type PriceParser, priceParser } from './fields/price.ts'
export { isNothing } from './fields/read.ts'
export { ImportError } from './import-error.ts'
export { type ImportIssue, shown } from './issue.ts'
export { columnKey } from './layouts/layout.ts'
