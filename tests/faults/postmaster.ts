import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isRunning } from '../../packages/postgres/src/embedded/postmaster.ts'

/** The file that is not there, and the process: PostgreSQL has stopped, or is not back yet. */
const gone = ['ENOENT', 'ESRCH']

/** Kills the PostgreSQL of a cluster. @returns false when there is none */
export function killPostmaster(cluster: string): boolean {
  try {
    const pid = Number.parseInt(readFileSync(join(cluster, 'postmaster.pid'), 'utf8'), 10)
    // The file is empty for a moment as PostgreSQL starts, and names one that is dead until the next has
    // started.
    return pid > 0 && isRunning(cluster, pid) && process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error instanceof Error && 'code' in error && gone.includes(String(error.code))) return false
    throw error
  }
}

/** Milliseconds between two looks. */
const pause = 20

/**
 * Kills it as soon as it is back from the last kill. @returns false when it is not within so many
 * milliseconds
 */
export async function killPostmasterOnceBack(cluster: string, patience: number): Promise<boolean> {
  for (const deadline = Date.now() + patience; ; await delay(pause)) {
    if (killPostmaster(cluster)) return true
    if (Date.now() > deadline) return false
  }
}
