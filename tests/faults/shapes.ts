import type { Database } from '@colophon/postgres'
import { manyProcesses } from './many-processes.ts'
import { oneProcess } from './one-process.ts'

/** Something that can be killed and started again: a process of the shop, or a server. */
export interface Victim {
  readonly name: string
  /** Whether the shop has to find it again once it is back, which takes seconds. */
  readonly isServer?: boolean
  /** Where its API is, which those are cut off from who wait for an answer as it is killed. */
  readonly api?: string
  start(): Promise<void>
  /** SIGKILL; resolves when it is gone. @returns false when it had ended by itself */
  kill(): Promise<boolean>
}

/** A shop that runs, in one process or in many. */
export interface Fleet {
  /** Where the API is. */
  readonly urls: readonly string[]
  /** The settings of every process, for commands beside them. */
  readonly environment: Record<string, string>
  readonly victims: readonly Victim[]
  /** Where the payments sandbox says which webhooks it gives up. */
  readonly sandboxLog: string
  start(): Promise<void>
  /** Its database, once nothing is killed any more. */
  open(): Promise<{ database: Database; close(): Promise<void> }>
  /** @returns the names of those that had ended by themselves */
  stop(): Promise<string[]>
}

export type Shape = 'embedded' | 'fleet'

export interface ShapeOptions {
  /** For data and logs. */
  folder: string
  secretKey: string
}

export function openFleet(shape: Shape, options: ShapeOptions): Promise<Fleet> {
  return shape === 'embedded' ? oneProcess(options) : manyProcesses(options)
}
