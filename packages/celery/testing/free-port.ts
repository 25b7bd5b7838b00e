import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port of this machine that nobody listens on now, for a server that a test starts. */
export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
