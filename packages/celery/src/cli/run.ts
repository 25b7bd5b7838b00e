import { CommanderError } from 'commander'
import { CeleryError, reasonOf, TaskError } from '../errors.ts'
import { type Io, UsageError } from './io.ts'
import { LoadError } from './load-error.ts'
import { printable } from './printable.ts'
import { createProgram } from './program.ts'

/** Runs one command and returns its exit code: 0 done, 1 failed, 2 wrong usage. */
export async function run(args: readonly string[], given: Io): Promise<number> {
  const io: Io = {
    ...given,
    out: (text) => given.out(printable(text)),
    err: (text) => given.err(printable(text)),
  }
  try {
    await createProgram(io).parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    io.err(`colophon-celery: ${explained(error)}`)
    return isUsage(error) ? 2 : 1
  }
}

function isUsage(error: unknown): boolean {
  if (error instanceof UsageError) return true
  if (error instanceof LoadError) return isUsage(error.cause) || isUnsendable(error.cause)
  return error instanceof CeleryError && (error.code === 'BAD_OPTION' || error.code === 'NO_RESULTS')
}

/** As the app is loaded, it is the arguments of an entry of beat: as wrong as the rest of an entry. */
function isUnsendable(error: unknown): boolean {
  return error instanceof CeleryError && error.code === 'BAD_VALUE'
}

function explained(error: unknown): string {
  if (error instanceof LoadError) return `${error.message}\n${error.place}`.trimEnd()
  if (error instanceof CeleryError && error.code === 'NO_RESULTS')
    return 'where are results? Give --result-backend URL (or CELERY_RESULT_BACKEND) beside --broker, or an --app that has results'
  if (error instanceof TaskError)
    return `the task failed: ${error.type}: ${error.message}\n${error.traceback ?? ''}`.trimEnd()
  return reasonOf(error)
}
