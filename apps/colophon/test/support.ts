import { randomBytes } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import type { Io } from '../src/io.ts'
import { run } from '../src/run.ts'

/** How a command ended and what it said. */
export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** What a command reads. */
export interface Given {
  environment?: Record<string, string>
  stdin?: string
}

export const secretKey = randomBytes(32).toString('base64url')

/** Runs a command line in this process. */
export async function colophon(
  args: readonly string[],
  { environment = {}, stdin = '' }: Given = {},
): Promise<Ended> {
  const stdout = collector()
  const stderr = collector()
  const io: Io = {
    environment,
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    interrupted: new AbortController().signal,
  }
  const code = await run(args, io)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

function collector() {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk))
      done()
    },
  })
  return { stream, text: () => chunks.join('') }
}
