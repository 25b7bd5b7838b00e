import type { Channel } from 'amqplib'
import type { QueueDeclaration } from '../port.ts'
import { refusal } from './errors.ts'
import { fieldTable } from './field-table.ts'
import { checkShort } from './short-text.ts'

export type ExchangeType = 'direct' | 'topic' | 'fanout'

/**
 * Declares queue, exchange and binding as kombu does. Nothing is added to the arguments: RabbitMQ compares them with
 * those that are there, and closes the channel when they differ.
 * @throws CeleryError `BAD_OPTION` that names the queue or exchange and what differs; `BAD_VALUE` for a name that is
 *   too long
 */
export async function declareQueue(channel: Channel, declaration: QueueDeclaration): Promise<void> {
  const { name, exchange = { name, type: 'direct' }, routingKey = name } = declaration
  checkShort('The queue', name)
  checkShort('The routing key', routingKey)
  if (exchange.name !== '') await declareExchange(channel, exchange.name, exchange.type, true)
  try {
    const queueArguments = fieldTable(declaration.arguments ?? {})
    await channel.assertQueue(name, { durable: true, arguments: queueArguments })
    // RabbitMQ's default exchange has every queue bound by its name already.
    if (exchange.name !== '') await channel.bindQueue(name, exchange.name, routingKey)
  } catch (error) {
    throw refusal(`the queue ${name}`, error)
  }
}

export async function declareExchange(
  channel: Channel,
  name: string,
  type: ExchangeType,
  durable: boolean,
): Promise<void> {
  checkShort('The exchange', name)
  try {
    await channel.assertExchange(name, type, { durable })
  } catch (error) {
    throw refusal(`the exchange ${name}`, error)
  }
}

/** Exchanges of what is cast: kombu's for events is durable, those for remote control and its replies are not. */
export function isDurableCast(type: ExchangeType): boolean {
  return type === 'topic'
}
