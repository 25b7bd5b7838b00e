import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Milliseconds after which an attempt cannot be going on still; they take seconds. */
const longestAttempt = 10 * 60_000

/**
 * A path beside `path` to build something at before it is renamed to `path`. A crash leaves it behind, to be
 * found by `removeDeadAttempts`.
 */
export function attemptAt(path: string): string {
  return `${path}.new-${process.pid}-${randomBytes(4).toString('hex')}`
}

/** Removes what attempts of processes that are gone have left in a folder. */
export function removeDeadAttempts(folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const pid = /\.new-(\d+)-[0-9a-f]{8}$/.exec(name)?.[1]
    if (pid === undefined) continue
    const path = join(folder, name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    // Process ids come round again, after a container's restart at once: hence the age.
    if (!isAlive(Number(pid)) || age > longestAttempt) rmSync(path, { recursive: true, force: true })
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It is there, but another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
