import type { Message, Options } from 'amqplib'
import type { MessageProperties, WireMessage } from '../../protocol/message.ts'
import { fieldTable } from './field-table.ts'

/** @throws CeleryError `BAD_VALUE` when a header has no form in AMQP */
export function publishOptions({ headers, properties }: WireMessage): Options.Publish {
  const options: Options.Publish = {
    headers: fieldTable(headers),
    contentType: properties.contentType,
    contentEncoding: properties.contentEncoding,
    deliveryMode: properties.deliveryMode ?? 2,
    // What no queue would get is sent back.
    mandatory: true,
  }
  if (properties.correlationId !== undefined) options.correlationId = properties.correlationId
  if (properties.replyTo !== undefined) options.replyTo = properties.replyTo
  if (properties.priority !== undefined) options.priority = properties.priority
  if (properties.expiration !== undefined) options.expiration = properties.expiration
  return options
}

export function wireMessage({ content, properties }: Message): WireMessage {
  return {
    headers: givenHeaders(properties.headers ?? {}),
    properties: propertiesOf(properties),
    body: content,
  }
}

/**
 * Those that the sender gave, without those of RabbitMQ itself: it takes a message whose `x-death` names a queue for one
 * that goes round in circles, and drops it.
 */
function givenHeaders(headers: Record<string, unknown>): Record<string, unknown> {
  if (!Object.keys(headers).some(isRabbitsOwn)) return headers
  return Object.fromEntries(Object.entries(headers).filter(([header]) => !isRabbitsOwn(header)))
}

const byRabbit = /^x-(?:death|(?:first|last)-death-(?:exchange|queue|reason)|delivery-count|acquired-count)$/

function isRabbitsOwn(header: string): boolean {
  return header.startsWith('x-') && byRabbit.test(header)
}

function propertiesOf(from: Message['properties']): MessageProperties {
  const properties: MessageProperties = {
    contentType: from.contentType ?? 'application/data',
    contentEncoding: from.contentEncoding ?? 'binary',
  }
  if (from.correlationId !== undefined) properties.correlationId = from.correlationId
  if (from.replyTo !== undefined) properties.replyTo = from.replyTo
  if (from.deliveryMode === 1 || from.deliveryMode === 2) properties.deliveryMode = from.deliveryMode
  if (from.priority !== undefined) properties.priority = from.priority
  if (from.expiration !== undefined) properties.expiration = from.expiration
  return properties
}
