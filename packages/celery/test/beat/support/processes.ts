import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface SchedulerProcess {
  /** Resolves when it has said this so many times since its beginning. */
  said(line: 'started' | 'published', times?: number): Promise<void>
  kill(): Promise<void>
}

export function startScheduler(...parameters: string[]): SchedulerProcess {
  const script = join(import.meta.dirname, 'scheduler.ts')
  const child: ChildProcess = spawn(process.execPath, [script, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines: string[] = []
  let changed = Promise.withResolvers<void>()
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      changed.resolve()
      changed = Promise.withResolvers()
    })
  }
  const isGone = exited.then(() =>
    Promise.reject(new Error(`the scheduler ended; it said ${lines.join(', ')}`)),
  )
  isGone.catch(() => {})
  return {
    async said(line, times = 1) {
      while (lines.filter((one) => one === line).length < times) await Promise.race([changed.promise, isGone])
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
