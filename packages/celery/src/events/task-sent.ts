import type { TaskMessage } from '../protocol/message.ts'
import { pythonArgsRepr, pythonRepr } from '../protocol/repr.ts'

/** The fields of `task-sent`, the one event that a client sends: what it published, and where. */
export function taskSentFields(
  { headers, args, kwargs }: TaskMessage,
  to: { queue: string | null; exchange: string; routingKey: string },
): Record<string, unknown> {
  return {
    uuid: headers.id,
    root_id: headers.root_id ?? headers.id,
    parent_id: headers.parent_id ?? null,
    name: headers.task,
    args: headers.argsrepr ?? pythonArgsRepr(args),
    kwargs: headers.kwargsrepr ?? pythonRepr(kwargs),
    retries: headers.retries ?? 0,
    eta: headers.eta ?? null,
    expires: headers.expires ?? null,
    queue: to.queue,
    exchange: to.exchange,
    routing_key: to.routingKey,
  }
}
