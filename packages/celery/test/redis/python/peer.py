"""Celery and kombu on Redis, for tests: a line of JSON in, a line of JSON out. Arguments: the URL and a key prefix."""

import json
import socket
import sys

from celery import Celery
from kombu import Connection, Consumer, Exchange, Queue

url, prefix = sys.argv[1:3]
options = {'global_keyprefix': prefix, 'visibility_timeout': 3600}
app = Celery('peer', broker=url, backend=url)
app.conf.update(
    broker_transport_options=options,
    result_backend_transport_options={'global_keyprefix': prefix},
    task_create_missing_queues=True,
)
connection = Connection(url, transport_options=options)
state = {}


def send(q):
    """Sends a task as any Python client does."""
    return app.send_task(q['task'], args=q['args'], queue=q['queue'], **q.get('options', {})).id


def send_fanout(q):
    """The same to a queue of a fanout exchange, with the routing key that Celery gives it when it has none."""
    queue = Queue(q['queue'], Exchange(q['exchange'], type='fanout'))
    return app.send_task(q['task'], args=q['args'], queue=queue).id


def simple(name):
    if name not in state:
        channel = connection.channel()
        state[name] = (channel, Queue(name, Exchange(name), routing_key=name)(channel))
        state[name][1].declare()
    return state[name]


def bind(q):
    """Declares a queue that is bound to a topic exchange."""
    exchange = Exchange(q['exchange'], type='topic')
    Queue(q['queue'], exchange, routing_key=q['key'])(connection.channel()).declare()


def shown(message):
    return {
        'body': message.body if isinstance(message.body, str) else message.body.decode(),
        'headers': message.headers,
        'properties': {k: v for k, v in message.properties.items() if k != 'delivery_info'},
        'delivery_info': message.delivery_info,
        'content_type': message.content_type,
        'content_encoding': message.content_encoding,
        'payload': message.payload,
    }


def get(q):
    """Takes a message and acknowledges it, or keeps it unacknowledged."""
    _, queue = simple(q['queue'])
    message = queue.get()
    if message is None:
        return None
    if q.get('keep'):
        state.setdefault('kept', []).append(message)
    else:
        message.ack()
    return shown(message)


def restore(q):
    """kombu's sweep, for messages whose holder was not heard of for so many seconds."""
    channel, _ = simple(q['queue'])
    channel.qos.__dict__['visibility_timeout'] = q['older_than']
    channel.qos._vrestore_count = 0
    channel.qos.restore_visible(interval=1)


def requeue(_):
    for message in state.pop('kept', []):
        message.requeue()


def broadcast(q):
    """Remote control with replies, as `celery inspect` sends it."""
    return app.control.broadcast(q['command'], arguments=q['arguments'], reply=True, timeout=q['timeout'])


def listen(q):
    """Begins to listen to a fanout exchange."""
    channel = connection.channel()
    exchange = Exchange(q['exchange'], type='fanout', durable=False)
    queue = Queue(q['queue'], exchange, durable=False, auto_delete=True, routing_key=q.get('key', ''))
    heard = state['heard'] = []
    consumer = Consumer(channel, [queue], no_ack=True)
    consumer.register_callback(lambda body, message: heard.append([body, message.headers]))
    consumer.consume()
    try:  # kombu subscribes when it first waits.
        connection.drain_events(timeout=0.3)
    except socket.timeout:
        pass


def hear(q):
    while len(state['heard']) < q['count']:
        connection.drain_events(timeout=5)
    return state['heard']


def cast_event(q):
    with app.events.default_dispatcher() as dispatcher:
        dispatcher.send(q['type'], **q['fields'])


def store(q):
    app.backend.store_result(q['id'], q['result'], q['state'])


def store_compressed(q):
    packed = Celery('packed', broker=url, backend=url, set_as_current=False)
    packed.conf.update(
        result_compression='gzip',
        result_backend_transport_options={'global_keyprefix': prefix},
    )
    packed.backend.store_result(q['id'], q['result'], q['state'])


def meta(q):
    found = app.backend.get_task_meta(q['id'], cache=False)
    return {'status': found['status'], 'result': repr(found['result']), 'children': found.get('children')}


def chord_size(q):
    app.backend.set_chord_size(q['group'], q['size'])


class Request:
    def __init__(self, q):
        self.id, self.group, self.group_index = q['id'], q['group'], q['index']
        self.chord = app.signature('peer.sum', queue=q['queue']).clone()


def chord_part(q):
    app.backend.on_chord_part_return(Request(q), q['state'], q['result'])


for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = {'value': globals()[question.pop('do')](question)}
    except Exception as error:  # noqa: BLE001
        answer = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(answer, default=repr), flush=True)
