/**
 * After `npm pack`: the checkout's own package.json again. With the id of a process, once that has ended: for a pack
 * that was broken off.
 */
import { restoreManifest } from './manifest.ts'

const [pid] = process.argv.slice(2)
while (pid !== undefined && isRunning(Number(pid))) await new Promise((resolve) => setTimeout(resolve, 200))
restoreManifest()

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch {
    return false
  }
}
