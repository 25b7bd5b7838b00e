import type { QueueDeclaration } from '../../brokers/port.ts'
import type { Command } from '../command.ts'

export const activeQueues: Command = {
  kind: 'inspect',
  help: 'Lists the queues that the worker takes tasks from.',
  run: ({ worker }) => worker.queues().map(queueAsDict),
}

/** The shape of kombu's `Queue.as_dict(recurse=True)`. */
function queueAsDict(queue: QueueDeclaration): Record<string, unknown> {
  return {
    name: queue.name,
    exchange: {
      name: queue.exchange?.name ?? queue.name,
      type: queue.exchange?.type ?? 'direct',
      arguments: null,
      durable: true,
      passive: false,
      auto_delete: false,
      delivery_mode: null,
      no_declare: false,
    },
    routing_key: queue.routingKey ?? queue.name,
    queue_arguments: queue.arguments ?? null,
    binding_arguments: null,
    consumer_arguments: null,
    durable: true,
    exclusive: false,
    auto_delete: false,
    no_ack: false,
    alias: null,
    bindings: [],
    no_declare: null,
    expires: null,
    message_ttl: null,
    max_length: null,
    max_length_bytes: null,
    max_priority: null,
  }
}
