import type { Logger } from '@colophon/runtime'
import { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/** Our logger as Fastify knows one. Its lines get the request's id from the context, so no child is made for each. */
export function fastifyLogger(logger: Logger): FastifyBaseLogger {
  const adapted: FastifyBaseLogger = {
    level: logger.level,
    fatal: logger.fatal.bind(logger),
    error: logger.error.bind(logger),
    warn: logger.warn.bind(logger),
    info: logger.info.bind(logger),
    debug: logger.debug.bind(logger),
    trace: logger.trace.bind(logger),
    silent: () => undefined,
    child: () => adapted,
  }
  return adapted
}

/** Leaves the access log and the log of errors to us, whose lines hold neither headers nor queries. */
export class QuietLogs extends LogController {
  override incomingRequest(): void {}
  override requestCompleted(): void {}
  override defaultErrorLog(): void {}
  override routeNotFound(): void {}

  override streamError(
    error: Error & { code?: string },
    _request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return
    reply.log.warn({ err: error }, 'an answer stopped half way')
  }
}
