/** What one kind of refusal means; its code is its key in the table. */
export interface ProblemType {
  /** The HTTP status it is answered with. */
  readonly status: number
  /** A short sentence that is the same for every occurrence (RFC 9457, section 3.1.3). */
  readonly title: string
  /** Whether the same request may succeed when it is sent again later; false when absent. */
  readonly retryable?: boolean
}

/** Every refusal of a service by its code (snake_case), so that clients can branch on the code. */
export type ProblemTable = Readonly<Record<string, ProblemType>>

/** What is wrong with one field of a request. */
export interface FieldProblem {
  /** A JSON Pointer into the body (RFC 6901), or the name of the parameter or header. */
  readonly path: string
  /** Stable and snake_case, such as `required` or `too_long`. */
  readonly code: string
  /** What was expected, for people. */
  readonly message: string
}

/** What an occurrence of a problem may carry besides its code and detail. */
export interface ProblemOptions {
  readonly errors?: readonly FieldProblem[]
  /** Response headers, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Extension members of the answer (RFC 9457, section 3.2). */
  readonly extra?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** A refusal that is answered as `application/problem+json`; thrown by handlers, made by `problems(table)`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: string
  readonly status: number
  readonly title: string
  /** What is wrong with this request and what to do about it, for people. */
  readonly detail: string
  declare readonly errors?: readonly FieldProblem[]
  declare readonly headers?: Readonly<Record<string, string>>
  declare readonly extra?: Readonly<Record<string, unknown>>

  constructor(code: string, type: ProblemType, detail: string, options: ProblemOptions = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = type.status
    this.title = type.title
    this.detail = detail
    if (options.errors) this.errors = options.errors
    if (options.headers) this.headers = options.headers
    if (options.extra) this.extra = options.extra
  }
}

const codePattern = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/

/**
 * Checks a table where it is written, and keeps its codes as a type.
 * @throws Error for a code that is not snake_case or a status that is not an error's.
 */
export function defineProblems<const T extends ProblemTable>(table: T): T {
  for (const [code, type] of Object.entries(table)) {
    if (!codePattern.test(code)) throw new Error(`problem code "${code}" must be snake_case`)
    if (!Number.isInteger(type.status) || type.status < 400 || type.status > 599) {
      throw new Error(`problem ${code} has status ${type.status}: it must be from 400 to 599`)
    }
  }
  return table
}

/** The constructor of a table's problems: `throw problem('book_not_found', 'no book has the id ...')`. */
export function problems<T extends ProblemTable>(
  table: T,
): (code: keyof T & string, detail: string, options?: ProblemOptions) => Problem {
  return (code, detail, options) => {
    const type = table[code]
    if (!type) throw new Error(`problem code "${code}" is not in the table`)
    return new Problem(code, type, detail, options)
  }
}

/**
 * One table of several.
 * @throws Error when two of them define the same code, since a client could not tell them apart.
 */
export function mergeProblems(tables: readonly ProblemTable[]): ProblemTable {
  const merged: Record<string, ProblemType> = {}
  for (const [code, type] of tables.flatMap((table) => Object.entries(table))) {
    if (Object.hasOwn(merged, code)) {
      throw new Error(`problem code "${code}" is defined twice: rename one of them`)
    }
    merged[code] = type
  }
  return merged
}
