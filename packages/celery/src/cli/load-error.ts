import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'

/** The app's file could not be loaded: the message says which and why, and `place` where, as `node FILE` does. */
export class LoadError extends Error {
  override readonly name = 'LoadError'
  readonly place: string

  constructor(path: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : inspect(cause)
    super(`--app ${path} cannot be loaded: ${why}`, { cause })
    this.place = cause instanceof Error ? placeOf(cause) : ''
  }
}

function placeOf(error: Error): string {
  const { stack = '' } = error
  if (!(error instanceof SyntaxError) || stack.includes('file:')) return stack
  return withSource(error) ?? stack
}

/** Of JavaScript, Node keeps the faulty line apart from the stack, and joins them when a script throws the error. */
function withSource(error: Error): string | undefined {
  const filename = 'again'
  try {
    runInNewContext('throw error', { error }, { filename })
  } catch {}
  return error.stack?.startsWith(filename) ? undefined : error.stack
}
