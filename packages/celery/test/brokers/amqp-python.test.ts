import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Decimal, Uuid } from '../../src/protocol/python-values.ts'
import { bodyOf, inboxOf, messageOf, send, until } from '../../testing/broker-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { useRabbit } from './support/rabbit.ts'

const run = promisify(execFile)
const { amqp, python } = servers
if (!amqp) leftOut('RabbitMQ with Python', 'TEST_AMQP_URL')
else if (!python) leftOut('RabbitMQ with Python', 'TEST_CELERY_PYTHON')

/** The beginning of every script: an app whose one queue is `name`, quorum and on a topic exchange, as delays need it. */
const preamble = `
import sys, json
from celery import Celery
from kombu import Exchange, Queue
url, name = sys.argv[1:3]
app = Celery('test', broker=url)
queue = Queue(name, Exchange(name, type='topic'), routing_key=name, queue_arguments={'x-queue-type': 'quorum'})
app.conf.update(task_queues=[queue], task_default_queue=name, task_default_exchange=name,
    task_default_exchange_type='topic', task_default_routing_key=name, task_default_queue_type='quorum')
`

describe.skipIf(!amqp || !python)('Python at the same RabbitMQ', { timeout: 60_000 }, () => {
  const rabbit = useRabbit()

  function queueOf(name: string) {
    const exchange = { name, type: 'topic' as const }
    return { name, exchange, routingKey: name, arguments: { 'x-queue-type': 'quorum' } }
  }

  function name(): string {
    const made = `py-${randomUUID()}`
    rabbit.remove(made)
    return made
  }

  async function script(name: string, lines: string): Promise<string> {
    const words = ['-c', preamble + lines, amqp ?? '', name]
    return (await run(join(python ?? '', 'python'), words, { timeout: 50_000 })).stdout
  }

  test('what Python delays natively comes to us as if it had been sent now', async () => {
    const subject = await rabbit.broker()
    const queue = queueOf(name())
    const inbox = await inboxOf(subject, queue)
    await script(
      queue.name,
      `
from kombu.transport.native_delayed_delivery import *
with app.connection_for_write() as connection:
    declare_native_delayed_delivery_exchanges_and_queues(connection, 'quorum')
    bind_queue_to_native_delayed_delivery_exchange(connection, queue)
app.send_task('py.add', (1, 2), countdown=2, headers={'own': 300})
`,
    )
    const delivery = await inbox.next()
    expect(delivery).toMatchObject({ exchange: queue.name, routingKey: queue.name, redelivered: false })
    expect(delivery.message.headers).toMatchObject({ task: 'py.add', own: 300 })
    expect(Object.keys(delivery.message.headers).filter((header) => header.startsWith('x-'))).toEqual([])
    await delivery.delay(new Date(Date.now() + 1_000))
    expect(bodyOf(await inbox.next())).toBe(bodyOf(delivery))
  })

  test('what we park comes back to Python, which can delay it anew', async () => {
    const subject = await rabbit.broker()
    const queue = queueOf(name())
    const headers = { timelimit: [3_600, null], big: 2 ** 40, deep: { list: [1, 0.5, null, true] } }
    const message = messageOf('[[1, 2], {}, null]', headers)
    const to = { exchange: '', routingKey: queue.name, declare: queue }
    await subject.publish(message, to, { notBefore: new Date(Date.now() + 1_500) })
    const told = await script(
      queue.name,
      `
from kombu.transport.native_delayed_delivery import calculate_routing_key
got = []
def on_message(message):
    got.append(message)
    message.ack()
with app.connection_for_write() as connection:
    with connection.Consumer([queue], on_message=on_message):
        connection.drain_events(timeout=20)
    key = got[0].delivery_info['routing_key']
    producer = connection.Producer()
    again = calculate_routing_key(1, key)
    producer.publish(got[0].body, exchange='celery_delayed_27', routing_key=again,
        content_type=got[0].content_type, content_encoding=got[0].content_encoding, headers={'id': 'again'})
own = {key: value for key, value in got[0].headers.items() if not key.startswith('x-')}
print(json.dumps([own, got[0].body if isinstance(got[0].body, str) else got[0].body.decode()]))
`,
    )
    const [seen, body] = JSON.parse(told)
    expect(seen).toMatchObject({ ...headers, task: 'contract.test' })
    expect(body).toBe('[[1, 2], {}, null]')
    const again = await (await inboxOf(subject, queue)).next()
    expect(again.message.headers).toEqual({ id: 'again' })
    expect(again.routingKey).toBe(queue.name)
  })

  test('headers that are dates and decimals are that to Python, and Python’s go on as they came', async () => {
    const subject = await rabbit.broker()
    const queue = queueOf(name())
    const id = '01890a5d-ac96-774b-bcce-b302099a8057'
    const headers = {
      at: new Date('2026-03-01T12:00:00.999Z'),
      prices: [new Decimal('12.5'), new Decimal('-0.25')],
      id: new Uuid(id),
    }
    await subject.publish(messageOf('{}', headers), { exchange: '', routingKey: queue.name, declare: queue })
    const passOn = `
def pass_on(headers=None):
    got = []
    def on_message(message):
        got.append({key: message.headers[key] for key in ('at', 'prices', 'id')})
        message.ack()
    with app.connection_for_write() as connection:
        with connection.Consumer([queue], on_message=on_message):
            connection.drain_events(timeout=20)
        if headers is not None:
            connection.Producer().publish('{}', exchange='', routing_key=name, headers=headers)
    print(got[0])
`
    const told = `{'at': datetime.datetime(2026, 3, 1, 12, 0), 'prices': [Decimal('12.5'), Decimal('-0.25')], 'id': '${id}'}`
    const theirs = `
from datetime import datetime
from decimal import Decimal
pass_on({'at': datetime(2026, 3, 1, 12), 'prices': [Decimal('12.5'), Decimal('-0.25')], 'id': '${id}'})
`
    expect(await script(queue.name, passOn + theirs)).toBe(`${told}\n`)
    const delivery = await (await inboxOf(subject, queue)).next()
    await subject.publish(delivery.message, { exchange: '', routingKey: queue.name })
    await delivery.ack()
    await subject.close()
    expect(await script(queue.name, `${passOn}\npass_on()`)).toBe(`${told}\n`)
  })

  test('both declare queues alike, whoever comes first', async () => {
    const subject = await rabbit.broker()
    const [ours, theirs] = [name(), name()]
    const declare = `
from kombu import Connection
with Connection(url) as connection:
    print(Queue(name, Exchange(name), routing_key=name)(connection.default_channel).declare())
`
    await subject.declare({ name: ours })
    expect(await script(ours, declare)).toContain(ours)
    await script(theirs, declare)
    await subject.declare({ name: theirs })
    await send(subject, { name: theirs }, 'x')
  })

  test('remote control: Python’s broadcast is heard and answered, and its events too', async () => {
    const subject = await rabbit.broker()
    const control = { name: 'celery.pidbox', type: 'fanout' as const }
    const node = `ts-${randomUUID()}@host`
    await subject.listen({
      exchange: control,
      routingKey: '',
      queue: `${node}.celery.pidbox`,
      onMessage(message) {
        const { method, destination, ticket, reply_to } = JSON.parse(message.body.toString())
        if (method !== 'ping' || !destination?.includes(node)) return
        const reply = messageOf(JSON.stringify({ [node]: { ok: 'pong' } }), { ticket, clock: 1 })
        void subject.cast(reply, {
          exchange: { name: reply_to.exchange, type: 'direct' },
          routingKey: reply_to.routing_key,
        })
      },
    })
    const types: string[] = []
    await subject.listen({
      exchange: { name: 'celeryev', type: 'topic' },
      routingKey: 'task.#',
      queue: `celeryev.${randomUUID()}`,
      onMessage(message) {
        const event = JSON.parse(message.body.toString())
        if (event.uuid === node) types.push(event.type)
      },
    })
    const told = await script(
      name(),
      `
print(json.dumps(app.control.ping(destination=['${node}'], timeout=10)))
with app.connection_for_write() as connection:
    app.events.Dispatcher(connection, buffer_while_offline=False).send('task-sent', uuid='${node}')
`,
    )
    expect(JSON.parse(told)).toEqual([{ [node]: { ok: 'pong' } }])
    await until(() => types.includes('task-sent'), 'the event')
  })
})
