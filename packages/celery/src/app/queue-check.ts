import type { QueueDeclaration } from '../brokers/port.ts'
import { oneOf, options, record, text } from '../options/kinds.ts'

const exchange = options<Required<QueueDeclaration>['exchange']>(
  { name: text, type: oneOf('direct', 'topic', 'fanout') },
  ['name', 'type'],
)

export const queueDeclaration = options<QueueDeclaration>(
  { name: text, exchange, routingKey: text, arguments: record },
  ['name'],
)
