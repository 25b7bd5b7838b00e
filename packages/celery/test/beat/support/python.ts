import { execFile } from 'node:child_process'
import { join } from 'node:path'

/** Runs one of the scripts beside this folder in the Python that has Celery, JSON in and JSON out. */
export function runPython(folder: string, script: string, input: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const path = join(import.meta.dirname, '..', 'python', script)
    const options = { timeout: 60_000, maxBuffer: 1 << 24 }
    const child = execFile(join(folder, 'python'), [path], options, (error, stdout) => {
      if (error) reject(error)
      else resolve(JSON.parse(stdout))
    })
    child.stdin?.end(JSON.stringify(input))
  })
}
