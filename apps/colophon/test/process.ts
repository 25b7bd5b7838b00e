import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../bin/colophon.js', import.meta.url))

/** A `colophon serve` in a process of its own. */
export interface Served {
  child: ChildProcess
  /** Where its API is. */
  url: string
  /** Every line it has written so far, standard error too. */
  lines: string[]
  /** Ends it with a signal and waits; resolves with its exit code, or null when the signal killed it. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** A process in a session of its own, as a terminal's foreground job has a group of its own. */
export function spawnColophon(
  args: readonly string[],
  environment: Record<string, string>,
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  const { PATH = '', HOME = '' } = process.env
  return spawn(process.execPath, [command, ...args], {
    env: { PATH, HOME, ...environment },
    stdio: [stdin, 'pipe', 'pipe'],
    detached: true,
  })
}

/** Starts `colophon serve`, or parts of it, on free ports and waits until it says that it is ready. */
export async function serveColophon(
  environment: Record<string, string>,
  parts: readonly string[] = [],
): Promise<Served> {
  const child = spawnColophon(['serve', ...parts], { PORT: '0', SAMPLE_CATALOGUE: 'off', ...environment })
  const lines: string[] = []
  const ready = Promise.withResolvers<string>()
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      const url = /"api":"(http:\/\/[^/"]+)/.exec(line)?.[1]
      if (url) ready.resolve(url)
    })
  }
  child.once('exit', (code) =>
    ready.reject(new Error(`colophon serve ended with ${code}: ${lines.join('\n')}`)),
  )
  const url = await ready.promise
  return {
    child,
    url,
    lines,
    async end(signal) {
      const exited = once(child, 'exit')
      child.kill(signal)
      const [code] = await exited
      return code
    },
  }
}

/** Runs a command to its end. */
export async function runColophon(
  args: readonly string[],
  environment: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const child = spawnColophon(args, environment)
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  return { code, output: Buffer.concat(chunks).toString() }
}
