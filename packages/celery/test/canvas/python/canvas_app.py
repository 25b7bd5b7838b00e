"""The Python half of canvases that cross: its tasks, and a client that builds or reads canvases."""
import json
import os
import sys

from celery import Celery, chain, chord, group, signature
from celery.canvas import Signature, _chain, chunks, xmap, xstarmap
from celery.exceptions import TimeoutError as NotDone
from redis import Redis

broker, results, prefix = (os.environ[name] for name in ('CANVAS_BROKER', 'CANVAS_RESULTS', 'CANVAS_PREFIX'))

app = Celery('canvas', broker=broker, backend=results, set_as_current=True)
if broker.startswith('redis'):
    app.conf.broker_transport_options = {'global_keyprefix': prefix}
app.conf.result_backend_transport_options = {'global_keyprefix': prefix}
app.conf.task_routes = {'py.*': {'queue': f'{prefix}py'}, 'ts.*': {'queue': f'{prefix}ts'}}
app.conf.task_default_queue = f'{prefix}py'
app.conf.worker_hijack_root_logger = False

redis = Redis.from_url(results)


@app.task(name='py.add')
def add(*args):
    return sum(args)


@app.task(name='py.tsum')
def tsum(values, *more):
    return sum(total(value) for value in values) + sum(more)


def total(value):
    return sum(map(total, value)) if isinstance(value, list) else value


@app.task(name='py.echo')
def echo(*args):
    return args[0] if len(args) == 1 else list(args)


@app.task(name='py.fail')
def fail(*args):
    raise ValueError('deliberate', *args)


@app.task(name='py.note')
def note(*args):
    redis.rpush(f'{prefix}notes', json.dumps(args))


@app.task(name='py.failed')
def failed(task_id):
    """An errback of one parameter is sent with the id alone; one of more would be called on the spot."""
    note(task_id, 'failed')


@app.task(name='py.replaced', bind=True)
def replaced(self, *args):
    """The arguments, then a canvas that takes their sum."""
    return self.replace(with_argument(build(args[-1]), sum(args[:-1])))


@app.task(name='py.where', bind=True)
def where(self, *args):
    request = self.request
    return [*args, [request.root_id, request.parent_id, request.id]]


def with_argument(canvas, value):
    """clone() of a chain or a group forgets the arguments it is given."""
    if isinstance(canvas, (group, _chain)):
        last = 1 if isinstance(canvas, _chain) else len(canvas.tasks)
        canvas.tasks = [with_argument(task, value) for task in canvas.tasks[:last]] + list(canvas.tasks[last:])
        return canvas
    return canvas.clone([value])


def build(plan):
    """A canvas of what the tests write as JSON: `['chain', part...]`, `['task', name, argument...]`."""
    kind, *rest = plan
    if kind == 'chain':
        return chain(*map(build, rest))
    if kind == 'group':
        return group(*map(build, rest))
    if kind == 'chord':
        return chord(list(map(build, rest[:-1])), build(rest[-1]))
    if kind == 'link':
        linked = build(rest[0])
        linked.link(build(rest[1]))
        return linked
    if kind == 'errback':
        linked = build(rest[0])
        linked.link_error(build(rest[1]))
        return linked
    name, *args = rest
    if kind == 'map':
        return where_it_lives(name, xmap(signature(name, app=app), args, app=app))
    if kind == 'starmap':
        return where_it_lives(name, xstarmap(signature(name, app=app), args, app=app))
    if kind == 'chunks':
        starmaps = chunks(signature(name, app=app), args[1:], args[0], app=app).group()
        return group([where_it_lives(name, one) for one in starmaps.tasks])
    if kind == 'chunkstask':
        return where_it_lives(name, chunks(signature(name, app=app), args[1:], args[0], app=app))
    return signature(name, args=args, immutable=kind == 'immutable', app=app)


def where_it_lives(name, mapping):
    """Within a canvas Celery routes it by its own name, `celery.map`, and not by that of the task it calls."""
    return mapping.set(queue=app.amqp.router.route({}, name)['queue'].name)


def answer(question):
    if 'build' in question:
        canvas = build(question['build'])
    else:
        canvas = Signature.from_dict(question['read'], app=app)
    try:
        return {'value': canvas.apply_async().get(timeout=10)}
    except NotDone:
        return {'error': 'not done in time'}
    except Exception as error:
        return {'error': type(error).__name__, 'args': [str(arg) for arg in error.args]}


if __name__ == '__main__':
    print('ready', flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
