import { randomUUID } from 'node:crypto'
import { afterEach } from 'vitest'
import type { Broker, Consumption, Delivery, QueueDeclaration } from '../../src/brokers/port.ts'
import type { WireMessage } from '../../src/protocol/message.ts'
import type { TcpProxy } from '../tcp-proxy.ts'

export interface BrokerSuite {
  /**
   * A broker that is not open yet. Each stands for a process of its own; all are on one server, on which nobody else
   * uses the same dead letters. Those on a network notice within five seconds that a connection is frozen.
   */
  create(): Promise<Broker>
  /** Which of the numbers 0 and 9 goes first, and the arguments a queue needs to know priorities. */
  priorities: { first: 0 | 9; arguments?: Record<string, unknown> }
  /** Arguments of all other queues. */
  arguments?: Record<string, unknown>
  /** Whether it can tell how often a redelivered message was begun. */
  countsStarts: boolean
  /** A delivery belongs to its worker and not to a connection: it is lost only when its lease has run out. */
  outlivesConnection?: boolean
  /** It takes messages for queues that nobody has declared. */
  takesAnyQueue?: boolean
  /** A fanout exchange keeps nothing: each consumer that listens has a copy, and with none there a send rejects. */
  fanoutIsHeard?: boolean
  /** The network that the brokers of `create` go through, where there is one. */
  network?(): TcpProxy
  /** Removes the queues and exchanges of these names, once the brokers are closed. */
  cleanUp?(names: string[]): Promise<void>
}

/** What tests use: all of it is closed and removed after each. */
export interface Stage {
  suite: BrokerSuite
  broker(): Promise<Broker>
  /** A broker that the test opens itself. */
  closedBroker(): Promise<Broker>
  queue(queueArguments?: Record<string, unknown>): QueueDeclaration & { name: string }
  /** A name that nobody else uses. */
  name(): string
}

/** @param atEnd of each test that uses it; one that runs beside others has a stage and an `onTestFinished` of its own */
export function stageOf(suite: BrokerSuite, atEnd: (close: () => Promise<void>) => void = afterEach): Stage {
  const brokers: Broker[] = []
  const names: string[] = []

  atEnd(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()))
    await suite.cleanUp?.(names.splice(0))
  })

  async function closedBroker(): Promise<Broker> {
    const broker = await suite.create()
    brokers.push(broker)
    return broker
  }

  async function broker(): Promise<Broker> {
    const opened = await closedBroker()
    await opened.open()
    return opened
  }

  function name(): string {
    const made = `contract-${randomUUID()}`
    names.push(made)
    return made
  }

  const queue = (queueArguments = suite.arguments) => ({
    name: name(),
    ...(queueArguments && { arguments: queueArguments }),
  })

  return { suite, broker, closedBroker, queue, name }
}

export function messageOf(body: string | Buffer, headers: Record<string, unknown> = {}): WireMessage {
  return {
    headers: { task: 'contract.test', id: randomUUID(), ...headers },
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      correlationId: randomUUID(),
      deliveryMode: 2,
      priority: 0,
    },
    body: Buffer.from(body),
  }
}

export function send(broker: Broker, queue: QueueDeclaration, body: string, priority = 0): Promise<void> {
  const message = messageOf(body)
  message.properties.priority = priority
  return broker.publish(message, { exchange: '', routingKey: queue.name, declare: queue })
}

/** What a consumer got, and a wait for what it is to get. */
export interface Inbox {
  readonly received: Delivery[]
  readonly consumption: Consumption
  /** The next that was not yet asked for. */
  next(): Promise<Delivery>
  bodies(): string[]
}

export async function inboxOf(broker: Broker, queue: QueueDeclaration, prefetch = 10): Promise<Inbox> {
  const received: Delivery[] = []
  let asked = 0
  const consumption = await broker.consume(queue, {
    prefetch,
    onDelivery: (delivery) => received.push(delivery),
  })
  return {
    received,
    consumption,
    async next() {
      const at = asked++
      return until(() => received[at], `delivery ${at + 1} of ${queue.name}`)
    },
    bodies: () => received.map(bodyOf),
  }
}

export function bodyOf({ message }: { message: WireMessage }): string {
  return message.body.toString()
}

/** Asks until the answer is neither undefined nor false, and fails with `what` when it takes longer than `seconds`. */
export async function until<T>(
  ask: () => T | Promise<T>,
  what: string,
  seconds = 15,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + seconds * 1_000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>
    if (Date.now() > deadline) throw new Error(`did not come within ${seconds} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export function waiting(broker: Broker, queue: QueueDeclaration, messages: number): Promise<unknown> {
  const what = `${messages} messages that wait in ${queue.name}`
  return until(async () => (await broker.depth(queue.name))?.messages === messages, what)
}
