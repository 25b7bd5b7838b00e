import { nearest } from '../options/nearest.ts'
import { UsageError } from './io.ts'

/** `group` is a command that has commands of its own, such as `beat`. */
export function unknownCommand(group: string, given: string, known: readonly string[]): UsageError {
  const meant = nearest(given, known)
  const hint = meant === undefined ? `see colophon-celery ${group} --help` : `did you mean ${meant}?`
  return new UsageError(`${group} has no command ${given}: ${hint}`)
}
