import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { SandboxDeps } from '../../deps.ts'

interface Reply {
  raw: ServerResponse
  hijack(): unknown
}

/** Waits, but not longer than the caller does, nor when the sandbox stops. */
export async function linger(
  { raw }: Pick<Reply, 'raw'>,
  ms: number,
  { stopping }: SandboxDeps,
): Promise<void> {
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  await delay(ms, undefined, { signal: AbortSignal.any([gone.signal, stopping]) }).catch(() => {
    // Nobody needs to wait any longer.
  })
}

/** Never answers: holds the connection while the caller waits, or for `hangMs`, and then closes it. */
export async function neverAnswer(reply: Reply, deps: SandboxDeps): Promise<void> {
  reply.hijack()
  await linger(reply, deps.hangMs, deps)
  reply.raw.destroy()
}
