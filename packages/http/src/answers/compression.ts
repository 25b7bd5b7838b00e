import compress from '@fastify/compress'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../routes/app.ts'

/** Compresses answers for clients that take it. Add it before the routes. */
export async function addCompression(app: App): Promise<void> {
  await app.register(compress, { globalDecompression: false, encodings: ['br', 'gzip'], threshold: 1024 })
  app.addHook('onRoute', (declaration) => {
    // After the hook of the compression, which is put there the same way.
    declaration.onSend = [...[declaration.onSend ?? []].flat(), weakenTag]
  })
}

/** The tag of an answer names its bytes before they were compressed: see `etagOf`. */
function weakenTag(_: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void {
  const etag = reply.getHeader('etag')
  const isStrong = typeof etag === 'string' && !etag.startsWith('W/')
  if (isStrong && reply.hasHeader('content-encoding')) reply.header('etag', `W/${etag}`)
  done(null, payload)
}

type Done = (error: Error | null, payload: unknown) => void
