import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { type Account, spawnAs } from './account.ts'

/** Nothing of our own environment reaches PostgreSQL: its PG* variables and locale would change what it does. */
export const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

export interface RunOptions {
  account: Account
  workingFolder: string
  /** Written to the program's standard input. */
  input?: string
  /** Milliseconds. */
  timeout: number
}

/**
 * Runs a program to its end, out of reach of the terminal's Ctrl-C, so that we decide what becomes of it.
 * @throws Error with the program's last line when it fails.
 */
export async function run(
  program: string,
  args: string[],
  { account, workingFolder, input, timeout }: RunOptions,
): Promise<void> {
  const child = spawn(program, args, {
    ...spawnAs(account),
    cwd: workingFolder,
    env: environment,
    detached: true,
    timeout,
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  child.stdin.on('error', () => {
    // It ended without reading everything; its status says why.
  })
  child.stdin.end(input)
  const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (status !== 0) throw new Error(lastReason(stderr || stdout) ?? `${program} ended with status ${status}`)
}

/** The line of PostgreSQL's output that says why it gave up: the last one of an error, else the last one. */
export function lastReason(output: string): string | undefined {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const failures = lines.filter((line) => /\b(FATAL|PANIC|error):/.test(line))
  // Clients that are turned away meanwhile, and others started at the same time, are not the reason.
  const failure = failures.findLast(
    (line) =>
      !/terminating connection|the database system is|lock file .* (already exists|is empty)/.test(line),
  )
  return (failure ?? lines.at(-1))?.replace(/^.*?\b(FATAL|PANIC|error):\s*/, '')
}
