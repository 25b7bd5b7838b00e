import type { Readable } from 'node:stream'
import { Problem } from '@colophon/http'
import type { Environment } from '@colophon/runtime'

/** Where a command reads and writes; a test gives its own. */
export interface Io {
  environment: Environment
  stdin: Readable
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  /** Aborted when the user asks the program to stop. */
  interrupted: AbortSignal
}

/** How a command ended. */
export const exitCodes = { done: 0, failed: 1, usage: 2, refusedRows: 3 } as const

/** Writes one line of a command's result. */
export function print(io: Io, line: string): void {
  io.stdout.write(`${line}\n`)
}

/** What people are told of an error, without a code. */
export function lineOf(error: unknown): string {
  if (error instanceof Problem) return error.detail
  return error instanceof Error ? error.message : String(error)
}
