import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** What became of consumers that a process asked for just before it closed their brokers, once that has ended by itself. */
export async function closeWhileConsuming(url: string): Promise<string[]> {
  const script = join(import.meta.dirname, 'close-while-consuming.child.ts')
  const child = spawn(process.execPath, [script, url], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [outcomes] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return outcomes.trim().split('\n')
}
