"""Answers questions about Celery's own codecs: a line of JSON in, a line of JSON out."""

import base64
import json
import sys
from decimal import Decimal  # noqa: F401  (names in expressions)
from uuid import UUID  # noqa: F401

from celery import Celery
from celery.backends.base import KeyValueStoreBackend
from celery.utils.saferepr import saferepr
from celery.utils.time import maybe_iso8601, maybe_make_aware
from celery.worker.request import Request
from kombu import compression
from kombu.serialization import dumps as serialize
from kombu.serialization import loads as deserialize
from kombu.utils import json as kombu_json

app = Celery('probe', broker='memory://', backend='cache+memory://', set_as_current=True)
app.conf.result_extended = False


@app.task(name='probe.echo')
def echo(*args, **kwargs):
    return args, kwargs


backend = KeyValueStoreBackend(app=app)


class Message:
    """As much of a kombu message as a worker's request reads."""

    delivery_info = {}

    def __init__(self, headers, properties, body):
        self.headers = headers
        self.properties = properties
        self.content_type = properties['content_type']
        self.content_encoding = properties['content_encoding']
        if headers.get('compression'):
            body = compression.decompress(body, headers['compression'])
        self.body = body

    @property
    def payload(self):
        return deserialize(self.body, self.content_type, self.content_encoding, accept={'application/json'})


def echo_value(q):
    value = kombu_json.loads(q['text'])
    return {'text': kombu_json.dumps(value), 'repr': repr(value)}


def evaluate(q):
    return {'text': kombu_json.dumps(eval(q['expression'])), 'repr': repr(eval(q['expression']))}


def show(q):
    value = kombu_json.loads(q['text'])
    return {'repr': saferepr(tuple(value) if q['tuple'] else value, q['length'])}


def make_task(q):
    args, kwargs = eval(q['args']), eval(q['kwargs'])
    message = app.amqp.as_task_v2('id-1', 'probe.echo', args, kwargs, **q['options'])
    content_type, content_encoding, body = serialize(message.body, serializer='json')
    headers = dict(message.headers)
    if q.get('compression'):
        body, headers['compression'] = compression.compress(body, q['compression'])
    body = body.encode() if isinstance(body, str) else body
    return {
        'headers': json.loads(kombu_json.dumps(headers)),
        'contentType': content_type,
        'contentEncoding': content_encoding,
        'body': base64.b64encode(body).decode(),
    }


def compressions(q):
    return {'names': [name for name, type_ in compression._aliases.items() if type_ in compression.encoders()]}


def read_task(q):
    message = Message(q['headers'], q['properties'], base64.b64decode(q['body']))
    request = Request(message, app=app)
    _, _, embed = message.payload
    return {
        'id': request.id,
        'name': request.name,
        'eta': request.eta and request.eta.isoformat(),
        'expires': request.expires and request.expires.isoformat(),
        'limits': list(request.time_limits),
        'args': repr(request.args),
        'kwargs': repr(request.kwargs),
        'embed': embed,
    }


def read_time(q):
    return {'time': maybe_make_aware(maybe_iso8601(q['text']), app.timezone).timestamp()}


def store_exception(q):
    data = backend.prepare_exception(eval(q['expression']), serializer='json')
    return {'text': kombu_json.dumps(data)}


def raise_exception(q):
    exc = backend.exception_to_python(kombu_json.loads(q['text']))
    return {'type': type(exc).__name__, 'module': type(exc).__module__, 'args': repr(exc.args),
            'bases': [base.__name__ for base in type(exc).__mro__]}


def make_meta(q):
    meta = backend._get_result_meta(eval(q['result']), q['state'], q['traceback'], None)
    meta['task_id'] = 'id-1'
    backend.compression = q.get('compression')
    stored = backend.encode(meta)
    stored = stored.encode() if isinstance(stored, str) else stored
    return {'stored': base64.b64encode(stored).decode()}


def read_meta(q):
    backend.compression = None
    meta = backend.decode_result(q['text'])
    return {key: repr(value) for key, value in meta.items()}


def read_tuple(q):
    from celery.result import result_from_tuple
    result = result_from_tuple(kombu_json.loads(q['text']), app=app)
    return {'type': type(result).__name__, 'text': kombu_json.dumps(result.as_tuple())}


def main():
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = globals()[question['ask']](question)
        except Exception as exc:
            answer = {'error': repr(exc)}
        print(json.dumps(answer))


main()
