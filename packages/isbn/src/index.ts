export { hyphenate } from './hyphenate.ts'
export { type Isbn, toIsbn10, toIsbn13 } from './isbn.ts'
export { type IsbnError, type IsbnErrorCode, type IsbnResult, parseIsbn } from './parse.ts'
export { type Repair, type RepairResult, repairIsbn } from './repair.ts'
