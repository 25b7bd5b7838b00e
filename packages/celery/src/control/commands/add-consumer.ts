import type { AppCore } from '../../app/app-core.ts'
import type { QueueDeclaration } from '../../brokers/port.ts'
import { CeleryError } from '../../errors.ts'
import { optionalText, text } from '../arguments.ts'
import { type Command, type CommandArguments, ok } from '../command.ts'

export const addConsumer: Command = {
  kind: 'control',
  help: 'Makes the worker take tasks from one more queue.',
  signature: '<queue> [exchange [type [routing_key]]]',
  run: async ({ worker }, args) => {
    const queue = declarationOf(worker.app, args)
    await worker.addQueue(queue)
    return ok(`add consumer ${queue.name}`)
  },
}

/** A queue of the app's own is as the app has it, whatever else is said. */
function declarationOf(app: AppCore, args: CommandArguments): QueueDeclaration {
  const name = text(args, 'queue')
  const exchange = optionalText(args, 'exchange')
  const routingKey = optionalText(args, 'routing_key')
  const queueArguments = argumentsOf(args.queue_arguments)
  const isOwn = app.options.queues.some((queue) => queue.name === name)
  if (isOwn || (exchange === undefined && routingKey === undefined && queueArguments === undefined))
    return app.queue(name)
  return {
    name,
    exchange: { name: exchange ?? name, type: exchangeType(args) },
    routingKey: routingKey ?? name,
    ...(queueArguments && { arguments: queueArguments }),
  }
}

function exchangeType(args: CommandArguments): 'direct' | 'topic' | 'fanout' {
  const type = optionalText(args, 'exchange_type') ?? 'direct'
  if (type === 'direct' || type === 'topic' || type === 'fanout') return type
  throw new CeleryError('BAD_ARGUMENTS', 'exchange_type must be direct, topic or fanout')
}

function argumentsOf(given: unknown): Record<string, unknown> | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given === 'object' && !Array.isArray(given)) return { ...given }
  throw new CeleryError('BAD_ARGUMENTS', 'queue_arguments must be an object')
}
