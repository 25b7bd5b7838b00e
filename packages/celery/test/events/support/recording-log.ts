import type { Log } from '../../../src/log.ts'

/** Keeps the messages of warnings, and what loggers such as pino would not show of any line. */
export function recordingLog(): Log & { readonly warnings: string[]; readonly unshown: string[] } {
  const warnings: string[] = []
  const unshown: string[] = []
  const look = (fields: object) => void unshown.push(...unshownIn(fields))
  const warn = (fields: object, message: string) => {
    look(fields)
    warnings.push(message)
  }
  return { warnings, unshown, debug: look, info: look, warn, error: warn }
}

/** Fields with an error that would be written as `{}`: JSON has nothing of an error but that in `err`. */
function unshownIn(fields: object): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value instanceof Error && name !== 'err' ? [name] : [],
  )
}
