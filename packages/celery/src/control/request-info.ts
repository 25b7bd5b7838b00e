import { pythonArgsRepr, pythonRepr } from '../protocol/repr.ts'
import type { RequestInfo } from '../worker/surface.ts'

/**
 * A task in the worker's hands as Celery's `Request.info` shows it. With `safe`, arguments are shown as Python would
 * print them, never as values; long ones always are, so that a list of tasks stays small.
 */
export function requestInfo(request: RequestInfo, hostname: string, safe = false): Record<string, unknown> {
  const { headers, args, kwargs, properties } = request.message
  const argsrepr = headers.argsrepr ?? pythonArgsRepr(args)
  const kwargsrepr = headers.kwargsrepr ?? pythonRepr(kwargs)
  return {
    id: headers.id,
    name: headers.shadow || headers.task,
    args: safe || isCut(argsrepr) ? argsrepr : args,
    kwargs: safe || isCut(kwargsrepr) ? kwargsrepr : kwargs,
    type: headers.task,
    hostname,
    time_start: request.startedAt === undefined ? null : request.startedAt.getTime() / 1000,
    acknowledged: request.acknowledged,
    delivery_info: {
      exchange: request.exchange,
      routing_key: request.routingKey,
      priority: properties.priority ?? null,
      redelivered: request.redelivered,
    },
    worker_pid: request.startedAt === undefined ? null : request.pid,
  }
}

/** What it stands for may be of any size. */
function isCut(repr: string): boolean {
  return repr.length > 1_000 || repr.includes('...')
}
