import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The file that is not there, and the process: PostgreSQL has stopped, or is not back yet. */
const gone = ['ENOENT', 'ESRCH']

/** Kills the PostgreSQL of a cluster, if there is one. */
export function killPostmaster(cluster: string): void {
  try {
    const pid = Number.parseInt(readFileSync(join(cluster, 'postmaster.pid'), 'utf8'), 10)
    // The file is empty for a moment as PostgreSQL starts.
    if (pid > 0) process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && gone.includes(String(error.code)))) throw error
  }
}
