/** Why an import cannot begin or go on. Callers branch on the code; the message is one line for people. */
type ImportErrorCode =
  | 'file_not_found'
  | 'file_not_readable'
  | 'file_empty'
  | 'file_without_books'
  | 'file_not_csv'
  | 'layout_unknown'
  | 'columns_invalid'
  | 'source_invalid'
  | 'import_running'
  | 'import_interrupted'

/** An import that cannot begin or go on. What was committed before stays. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly code: ImportErrorCode

  constructor(code: ImportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
